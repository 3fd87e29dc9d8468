"""The shape of the repository: tests mirror modules, imports run one way, importing does nothing."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APART = ("tests", "benchmarks", "examples", "docs", "build")
"""Folders with Python files that are no part of the package."""
MODULES = sorted(
    path.relative_to(ROOT).with_suffix("")
    for path in ROOT.rglob("[!.]*.py")
    if path.parent != ROOT and path.stem != "__init__" and not path.relative_to(ROOT).parts[0].startswith((".", *APART))
)

TESTED_ELSEWHERE = {
    "images/image_file": "hostile/test_images",
    "files/boundary": "hostile/test_lists",
    "files/npy_file": "hostile/test_weights",
    "files/yaml_text": "hostile/test_texts",
    "data/batch": "data/test_dataset",
    "files/safetensors_header": "hostile/test_weights",
    "images/tensors": "images/test_metrics",
    "priors/landmarks/source": "priors/test_face_priors",
    "priors/parsing/source": "priors/test_face_priors",
    "priors/sources": "priors/test_face_priors",
    "priors/landmarks/landmark_file": "priors/landmarks/test_schemes",
    "drawn/canvas": "drawn/test_faces",
    "drawn/features": "drawn/test_faces",
    "drawn/shape": "drawn/test_faces",
    "drawn/surroundings": "drawn/test_faces",
    "data/training_data": "retrain/test_train",
    "data/validation": "retrain/test_train",
    "degradation/folder": "cli/test_commands",
    "networks/synchronised_norm": "engine/test_processes",
    "genotypes/drawing/cell_figure": "genotypes/drawing/test_figure",
    "genotypes/drawing/trellis_figure": "genotypes/drawing/test_figure",
    "genotypes/drawing/palette": "genotypes/drawing/test_figure",
    "genotypes/drawing/render_graphviz": "genotypes/drawing/test_drawing",
    "genotypes/drawing/render_matplotlib": "genotypes/drawing/test_drawing",
    **dict.fromkeys(
        (
            "cli/degrade",
            "cli/demo",
            "cli/evaluate",
            "cli/genotype",
            "cli/main",
            "cli/restore",
            "cli/retrain",
            "cli/search",
            "cli/weights",
        ),
        "cli/test_commands",
    ),
    **dict.fromkeys(("cli/dictionary", "cli/doctor", "cli/prepare"), "cli/test_prior_commands"),
}
"""Modules without a test file of their own: parts of a whole, or one line commands, tested with what uses them."""

BARE_NAMES = {"utils", "util", "helpers", "common", "misc", "tools"}


def run(*command, cwd):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_has_its_tests(module):
    own = ROOT / "tests" / module.parent / f"test_{module.name}.py"
    elsewhere = TESTED_ELSEWHERE.get(module.as_posix())
    assert own.is_file() != (elsewhere is not None), f"{module}: give it {own.name}, or an entry in TESTED_ELSEWHERE"
    assert elsewhere is None or (ROOT / "tests" / f"{elsewhere}.py").is_file()


def test_nothing_is_excused_that_is_gone():
    assert set(TESTED_ELSEWHERE) <= {module.as_posix() for module in MODULES}


def test_no_file_is_long():
    files = [path for path in ROOT.rglob("*.py") if not path.relative_to(ROOT).parts[0].startswith((".", "build"))]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert len(files) > 100
    assert not {name: length for name, length in lengths.items() if length > 400}


def test_no_module_is_called_after_nothing():
    assert not [str(module) for module in MODULES if BARE_NAMES & set(re.split(r"[/_]", module.as_posix()))]


def test_every_folder_is_a_package_that_says_what_it_holds():
    folders = {module.parent for module in MODULES}
    assert folders >= {parent for folder in folders for parent in folder.parents if parent != Path()}
    for folder in folders:
        assert (ROOT / folder / "__init__.py").read_text(encoding="utf-8").startswith('"""'), folder


def test_imports_run_one_way():
    checked = run(Path(sys.executable).with_name("lint-imports"), "--no-cache", cwd=ROOT)
    assert checked.returncode == 0, checked.stdout


IMPORT_ALL = """
import os, random, socket, sys
import torch, numpy
import cv2, lightning_fabric  # these set variables of the environment themselves

class Used(BaseException):
    pass

def refuse(name):
    def raise_(*_, **__):
        raise Used(name)
    return raise_

torch.cuda.is_available = torch.cuda.device_count = torch.cuda.init = refuse("the GPU was probed")
torch.manual_seed = numpy.random.seed = random.seed = refuse("a generator was seeded")
torch.set_num_threads = refuse("torch was configured")
socket.socket.connect = refuse("a connection was opened")
before = torch.get_rng_state(), dict(os.environ), os.getcwd()
sys.argv = ["mfps", "--no-such-option"]
for name in sys.stdin.read().split():
    __import__(name)
after = torch.get_rng_state(), dict(os.environ), os.getcwd()
assert torch.equal(before[0], after[0]) and before[1:] == after[1:]
"""


def test_importing_does_nothing(tmp_path):
    """No output, files, seeding, argument parsing or look for a GPU."""
    names = " ".join(["mfps", *(f"mfps.{'.'.join(module.parts)}" for module in MODULES)])
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], cwd=tmp_path, input=names, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("module", ["mfps", "mfps.cli.main"])
def test_torch_is_imported_only_where_it_is_needed(module, tmp_path):
    heavy = "torch", "lightning_fabric", "matplotlib", "cv2", "skimage"
    loaded = run(sys.executable, "-c", f"import sys, {module}; print(*sys.modules, sep='\\n')", cwd=tmp_path)
    assert loaded.returncode == 0, loaded.stderr
    assert module in loaded.stdout.split()
    assert not set(loaded.stdout.split()) & set(heavy)
