"""Importing a module does nothing else, and neither a module nor a command imports what it does not need."""

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from mfps.engine.weights import save_weights
from mfps.genotypes.genotype import Branches
from mfps.genotypes.genotype_file import read_genotype, write_genotype
from mfps.images.image import write_image
from mfps.inference.compile import compile_genotype, weights_header
from mfps.networks.network_config import NetworkConfig

from .processes import run_process
from .test_layout import MODULES

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
names, sys.argv = sys.argv[1:], ["mfps", "--no-such-option"]
for name in names:
    __import__(name)
after = torch.get_rng_state(), dict(os.environ), os.getcwd()
assert torch.equal(before[0], after[0]) and before[1:] == after[1:]
"""


@pytest.mark.slow
def test_importing_does_nothing(tmp_path):
    """No output, files, seeding, argument parsing or look for a GPU."""
    names = ["mfps", *(f"mfps.{'.'.join(module.parts)}" for module in MODULES)]
    assert run_process(sys.executable, "-c", IMPORT_ALL, *names, folder=tmp_path) == (0, "", "")
    assert not list(tmp_path.iterdir())


TRAINING = {"lightning_fabric", "tensorboard", "torch._dynamo"}
"""What only a training needs; Fabric imports torch's compiler."""
FINDING = {"face_alignment", "dlib", "numba", "sklearn", "transformers"}
"""What only finding landmarks, dictionaries and label maps needs."""
COMPARING = {"skimage", "scipy"}
PICTURES = {"cv2", "PIL"}
DRAWING = {"matplotlib", "networkx", "graphviz", "plotly"}
SELECTING = {"pymoo"}
SERVING = {"gradio", "fastapi", "uvicorn"}
EXPORTING = {"onnx", "onnxscript", "onnxruntime"}
HEAVY = {"torch", *EXPORTING, *SELECTING, *SERVING, *TRAINING, *FINDING, *COMPARING, *PICTURES, *DRAWING}

IMPORTS = {
    "mfps": HEAVY,
    "mfps.cli.main": HEAVY,
    "mfps.nas.config": HEAVY,
    "mfps.nas.budget": HEAVY,
    "mfps.nas.derive": HEAVY,
    "mfps.nas.ranking.config": HEAVY,
    "mfps.nas.ranking.agreement": HEAVY,
    "mfps.nas.ranking.rank": DRAWING,
    "mfps.study.outcome": HEAVY,
    "mfps.study.report": DRAWING | {"cv2", "lightning_fabric"},
    "mfps.nas.health": HEAVY,
    "mfps.nas.ledger": HEAVY,
    "mfps.nas.report.search_report": HEAVY - {"networkx", "graphviz", "plotly", "PIL"},
    "mfps.nas.selection.config": HEAVY,
    "mfps.nas.selection.stage": {*SELECTING, "matplotlib"},
    "mfps.retrain.config": HEAVY,
    "mfps.serve.server": SERVING,
    "mfps.prepare.config": HEAVY,
    "mfps.export.config": HEAVY,
    "mfps.export.export": HEAVY - {"torch"} - PICTURES - COMPARING,
    "mfps.degradation.folder": HEAVY - PICTURES,
    "mfps.engine.examination": HEAVY - {"torch"},
    "mfps.inference.compile": HEAVY - {"torch"},
    "mfps.inference.cost_report": HEAVY - {"torch"},
    "mfps.inference.weights_report": HEAVY - {"torch"},
    "mfps.inference.restore": HEAVY - {"torch", "PIL"},
    "mfps.inference.evaluate": HEAVY - {"torch"} - PICTURES - COMPARING,
    "mfps.prepare.prepare": HEAVY - {"torch"} - PICTURES,
    "mfps.priors.dictionary.build": HEAVY - {"torch", "PIL"},
}
"""What importing a module does not import."""

COMMANDS = {
    "--help": HEAVY,
    "--version": HEAVY,
    "search --help": HEAVY,
    "prepare --help": HEAVY,
    "genotype validate mfpsnet": HEAVY,
    "genotype diff mfpsnet g.json": HEAVY,
    "genotype random --out r.json": HEAVY,
    "genotype export mfpsnet --out arrays": HEAVY,
    "genotype import arrays --out i.json": HEAVY,
    "genotype draw mfpsnet --out m.gv": HEAVY - {"networkx", "graphviz"},
    "genotype show mfpsnet": HEAVY - {"torch"},
    "genotype cheapest --out c.json": HEAVY - {"torch"},
    "genotype random --max-gflops 90% --out w.json": HEAVY - {"torch"},
    "genotype space --layers 2": HEAVY - {"torch"},
    "degrade image.png --degradation noise --out degraded": HEAVY - PICTURES,
    "restore weights.safetensors degraded --size 8 --device cpu --out restored": HEAVY - {"torch", "PIL"},
}
"""What running a command does not import; each may use what those before it made."""

LOADED = """
import os, sys
before, *cases = sys.argv[1:]
if before:
    __import__(before)
for case in cases:
    if not os.fork():
        if case.startswith("mfps "):
            from mfps.cli.main import main
            sys.argv = case.split()
            try:
                with open(os.devnull, "w") as sys.stdout:
                    main()
            except SystemExit as end:
                assert not end.code, (case, end.code)
        else:
            __import__(case)
        with open("loaded.txt", "a") as file:
            print(case, *sys.modules, sep="\\t", file=file)
        os._exit(0)
    assert os.wait()[1] == 0, case
"""
"""Each import or command in a fork of one process, which has loaded nothing, or torch where that is allowed anyway."""


def loaded(cases: Mapping[str, set[str]], folder: Path) -> dict[str, set[str]]:
    """What each module and command has loaded when it is done; those that may not load torch come first."""
    for before in ("", "torch"):
        chosen = [case for case, heavy in cases.items() if ("torch" in heavy) == (not before)]
        ended = run_process(sys.executable, "-c", LOADED, before, *chosen, folder=folder)
        assert ended.status == 0, ended.err
    lines = (folder / "loaded.txt").read_text(encoding="utf-8").splitlines()
    found = {case: set(names) for case, *names in (line.split("\t") for line in lines)}
    assert found.keys() == cases.keys()
    return found


@pytest.mark.slow
def test_a_module_imports_only_what_it_needs(tmp_path):
    for module, names in loaded(IMPORTS, tmp_path).items():
        assert module in names
        assert not names & IMPORTS[module], module


@pytest.mark.slow
def test_torch_is_imported_only_where_it_is_needed(tmp_path):
    """A command that runs a network imports no more than torch, and most commands not even that."""
    frsnet = read_genotype("mfpsnet").with_width(1)
    frsnet = frsnet.model_copy(update={"branches": Branches(upsample=frsnet.branches.upsample)})
    write_genotype(frsnet, tmp_path / "g.json")
    network = NetworkConfig(iterations=1, blocks=1, prior_channels={})
    header = weights_header(frsnet, network, {"size": 8})
    save_weights(tmp_path / "weights.safetensors", compile_genotype(frsnet, network).state_dict(), **header)
    write_image(tmp_path / "image.png", np.zeros((8, 8, 3), np.uint8))
    for command, names in loaded({f"mfps {command}": heavy for command, heavy in COMMANDS.items()}, tmp_path).items():
        assert "mfps.cli.main" in names
        assert not names & COMMANDS[command.removeprefix("mfps ")], command
