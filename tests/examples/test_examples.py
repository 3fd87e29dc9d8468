"""Each example is run as its docstring says, on small inputs."""

import sys
from pathlib import Path

import pytest
from mfps.drawn.faces import write_drawn_faces
from mfps.images.image import image_size

from ..processes import run_process

EXAMPLES = Path(__file__).parents[2] / "examples"
COMMANDS = {
    "search_and_retrain.py": "faces --out first --size 16 --max-steps 5",
    "restore_a_photograph.py": "first/retrain faces/images/0000.png restored.png",
    "compare_architectures.py": "first/search --widths 1 2 --out figures",
}
"""In this order, because each uses what the ones before it made."""


def test_every_example_is_run():
    assert {file.name for file in EXAMPLES.glob("*.py")} == set(COMMANDS)


@pytest.mark.slow
def test_the_examples(tmp_path):
    write_drawn_faces(tmp_path / "faces", 10, 16, seed=0)
    said = {}
    for name, arguments in COMMANDS.items():
        ended = run_process(sys.executable, str(EXAMPLES / name), *arguments.split(), folder=tmp_path)
        assert ended.status == 0, ended.err
        assert ended.err == ""
        said[name] = ended.out
    assert "dB, restored" in said["search_and_retrain.py"]
    assert image_size(tmp_path / "restored.png") == (16, 16)
    assert said["restore_a_photograph.py"].startswith("TrainedNetwork(")
    assert "width 2: " in said["compare_architectures.py"]
    assert (tmp_path / "figures" / "genotype.svg").is_file()
