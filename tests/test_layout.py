"""The shape of the repository: tests mirror modules, imports run one way, importing does nothing."""

import re
import shutil
import sys
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from mfps.engine.configuration import PRESETS
from mfps.engine.weights import save_weights
from mfps.genotypes.genotype import Branches
from mfps.genotypes.genotype_file import read_genotype, write_genotype
from mfps.images.image import write_image
from mfps.inference.compile import compile_genotype, weights_header
from mfps.networks.network_config import NetworkConfig

from .processes import run_process

ROOT = Path(__file__).parent.parent
APART = ("tests", "benchmarks", "examples", "docs", "build")
"""Folders with Python files that are no part of the package."""
MODULES = sorted(
    path.relative_to(ROOT).with_suffix("")
    for path in ROOT.rglob("[!.]*.py")
    if path.parent != ROOT and path.stem != "__init__" and not path.relative_to(ROOT).parts[0].startswith((".", *APART))
)

TESTED_ELSEWHERE = {
    "networks/network_config": "networks/test_base",
    "networks/prior_input": "networks/test_restorer",
    "images/image_file": "hostile/test_images",
    "files/boundary": "hostile/test_lists",
    "files/moves": "files/test_atomic_folder",
    "files/npy_file": "hostile/test_weights",
    "files/yaml_text": "hostile/test_texts",
    "data/batch": "data/test_dataset",
    "metrics/metric": "metrics/test_choice",
    "metrics/fields": "metrics/test_choice",
    "metrics/face_points": "metrics/test_landmark_distance",
    "inference/faces_csv": "inference/test_evaluate",
    "networks/perceptual_trunk": "metrics/test_lpips",
    "files/safetensors_header": "hostile/test_weights",
    "images/tensors": "images/test_metrics",
    "images/colour": "images/test_photograph",
    "priors/landmarks/source": "priors/test_face_priors",
    "priors/landmarks/fan": "priors/landmarks/test_fan_landmarks",
    "priors/parsing/source": "priors/test_face_priors",
    "genotypes/branch_genotype": "genotypes/test_genotype",
    "degradation/fields": "engine/test_configuration",
    "priors/sources": "priors/test_face_priors",
    "priors/faces": "priors/test_prior_kind",
    "priors/parsing/kind": "priors/test_kinds",
    "priors/landmarks/landmark_file": "priors/landmarks/test_schemes",
    "drawn/canvas": "drawn/test_faces",
    "drawn/features": "drawn/test_faces",
    "drawn/shape": "drawn/test_faces",
    "drawn/surroundings": "drawn/test_faces",
    "engine/open_run": "engine/test_run",
    "engine/run_store": "engine/test_run",
    "nas/strategies/mixed": "nas/test_supernet_training",
    "nas/strategies/strategy": "nas/strategies/test_single_path",
    "nas/search": "cli/test_commands",
    "nas/wide_convolution": "nas/test_mixed_cell",
    "nas/weighted_sum": "nas/test_mixed_cell",
    "nas/search_files": "nas/test_supernet_training",
    "nas/search_faces": "training/test_training_data",
    "nas/epoch_record": "nas/test_supernet_training",
    "nas/epoch_scores": "nas/test_supernet_training",
    "nas/open_search": "nas/selection/test_stage",
    "nas/report/page": "nas/report/test_search_report",
    "nas/report/charts": "nas/report/test_search_report",
    "nas/report/run_files": "nas/report/test_search_report",
    "nas/report/front": "nas/report/test_search_report",
    "export/job": "export/test_export",
    "export/made_up_priors": "export/test_faces",
    "export/onnx_file": "export/test_export",
    "export/plan": "export/test_faces",
    "export/quiet": "export/test_export",
    "export/readme": "export/test_export",
    "export/torch_files": "export/test_export",
    "export/weights_file": "export/test_export",
    "retrain/inputs": "training/test_face_inputs",
    "networks/empty_batch": "networks/test_cost",
    "nas/costs/network_rest": "nas/test_backbone_costs",
    "nas/costs/branch_table": "nas/test_even_draws",
    "nas/costs/counted_resources": "nas/test_space_costs",
    "networks/slices": "nas/test_search_network",
    "inference/network_facts": "inference/test_compile",
    "inference/exported_archive": "inference/test_exported_network",
    "inference/exported_model": "inference/test_exported_network",
    **dict.fromkeys(
        ("inference/restore_crops", "inference/restore_job", "inference/restore_plan"), "inference/test_restore"
    ),
    **dict.fromkeys(("inference/whole/album", "inference/whole/record"), "inference/whole/test_restoring"),
    "inference/parity_file": "inference/test_exported_network",
    "inference/exported_runner": "inference/test_exported_network",
    "study/outcome": "study/test_report",
    "study/fronts": "study/test_report",
    "study/section": "study/test_report",
    "study/sections": "study/test_report",
    "study/comparison_sections": "study/test_report",
    "study/page": "study/test_report",
    "study/figures": "study/test_report",
    "study/forest": "study/test_report",
    "study/learning_curves": "study/test_report",
    "study/arm_marks": "study/test_report",
    "study/arms": "study/test_plan",
    "bench/runner": "bench/test_measure",
    "bench/sources": "bench/test_measure",
    "bench/worker": "bench/test_measure",
    "bench/figure": "bench/test_report",
    "bench/latency/figure": "bench/latency/test_measure",
    "bench/latency/report": "bench/latency/test_measure",
    **dict.fromkeys(("study/collected", "study/workers"), "study/test_study"),
    "study/timed_way": "study/test_recipe",
    "serve/run_kinds": "serve/test_run_view",
    **dict.fromkeys(("serve/page", "serve/restore_tab", "serve/runs_tab", "serve/server"), "cli/test_serve"),
    "training/session": "retrain/test_train",
    "training/validation": "retrain/test_train",
    "genotypes/base": "networks/test_base",
    "networks/synchronised_norm": "engine/test_processes",
    "genotypes/drawing/cell_figure": "genotypes/drawing/test_figure",
    "genotypes/drawing/trellis_figure": "genotypes/drawing/test_figure",
    "genotypes/drawing/chart": "nas/ranking/test_figure",
    "genotypes/drawing/palette": "genotypes/drawing/test_figure",
    "genotypes/drawing/render_graphviz": "genotypes/drawing/test_drawing",
    "genotypes/drawing/render_matplotlib": "genotypes/drawing/test_drawing",
    **dict.fromkeys(
        (
            "bench/config",
            "bench/latency/config",
            "cli/demo_config",
            "degradation/config",
            "engine/fields",
            "images/fields",
            "nas/ranking/config",
            "nas/selection/config",
            "priors/dictionary/config",
            "priors/fields",
            "serve/config",
            "study/config",
        ),
        "cli/test_fields",
    ),
    **dict.fromkeys(
        (
            "cli/bench",
            "cli/degrade",
            "cli/demo",
            "cli/evaluate",
            "cli/export",
            "cli/genotype",
            "cli/genotype_space",
            "cli/space_tables",
            "cli/main",
            "cli/rank",
            "cli/restore",
            "cli/retrain",
            "cli/search",
            "cli/select",
            "cli/study",
            "cli/weights",
        ),
        "cli/test_commands",
    ),
    "cli/latency": "bench/latency/test_measure",
    **dict.fromkeys(("cli/dictionary", "cli/doctor", "cli/prepare"), "cli/test_prior_commands"),
}
"""Modules without a test file of their own: parts of a whole, or one line commands, tested with what uses them."""

BARE_NAMES = {"utils", "util", "helpers", "common", "misc", "tools"}


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


ONE_WAY = {
    r"\.print\(|\.add_row\(|TextColumn\((?!.*markup=False)": {"engine/terminal"},
    r"\btyper\.(echo|secho|style)\(|(?<![.\w])print\(": {"cli/options", "cli/main"},
    r"\byaml\.(\w+_)?dump": {"files/yaml_text"},
    r"\bshlex\.": {"cli/options"},
    r"\|---|---\|": {"files/markdown"},
}
"""How texts come into a language that could take them for more than texts, and the modules that may do it."""


@pytest.mark.parametrize("way", ONE_WAY)
def test_texts_come_into_other_languages_in_one_way(way):
    """Elsewhere somebody would forget to escape a name."""
    sources = {module.as_posix(): (ROOT / f"{module}.py").read_text(encoding="utf-8") for module in MODULES}
    assert {name for name, source in sources.items() if re.search(way, source)} <= ONE_WAY[way]


def test_every_folder_is_a_package_that_says_what_it_holds():
    folders = {module.parent for module in MODULES}
    assert folders >= {parent for folder in folders for parent in folder.parents if parent != Path()}
    for folder in folders:
        assert (ROOT / folder / "__init__.py").read_text(encoding="utf-8").startswith('"""'), folder


@pytest.mark.slow
def test_what_is_installed_is_the_package_and_its_data(tmp_path):
    """A wheel has every module, and nothing else that stands in the repository."""
    left_out = shutil.ignore_patterns(".*", *APART, "demo", "runs", "*.egg-info", "__pycache__")
    source = shutil.copytree(ROOT, tmp_path / "source", ignore=left_out)
    build = "from setuptools.build_meta import build_wheel; build_wheel('wheels')"
    built = run_process(sys.executable, "-c", build, folder=source)
    assert built.status == 0, built.err
    (wheel,) = (source / "wheels").glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        found = {PurePosixPath(name) for name in opened.namelist() if name.startswith("mfps/")}
    modules = {f"{module.as_posix()}.py" for module in MODULES}
    packages = {
        f"{folder.as_posix()}/__init__.py" for module in MODULES for folder in module.parents if folder != Path()
    }
    data = {"genotypes/genotype.schema.json", "genotypes/front.schema.json", "genotypes/published/mfpsnet.json"}
    data |= {"nas/report/page_style.css", "nas/report/search_report.html", "nas/report/search_report.js"}
    data |= {"serve/page.css", "study/study_page.html"}
    data |= {f"engine/presets/{name}.yaml" for name in PRESETS}
    expected = {
        "__init__.py",
        "__main__.py",
        "callable_package.py",
        "errors.py",
        "py.typed",
        *modules,
        *packages,
        *data,
    }
    assert {name.relative_to("mfps").as_posix() for name in found} == expected


def test_imports_run_one_way():
    checked = run_process(Path(sys.executable).with_name("lint-imports"), "--no-cache", folder=ROOT)
    assert checked.status == 0, checked.out


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

RUN = """
import sys
from mfps.cli.main import main
sys.argv = ["mfps", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(*sys.modules, sep="\\n", file=sys.stderr)
"""


@pytest.mark.slow
@pytest.mark.parametrize("module", IMPORTS)
def test_a_module_imports_only_what_it_needs(module, tmp_path):
    program = f"import sys, {module}; print(*sys.modules, sep='\\n')"
    loaded = run_process(sys.executable, "-c", program, folder=tmp_path)
    assert loaded.status == 0, loaded.err
    assert module in loaded.out.split()
    assert not set(loaded.out.split()) & IMPORTS[module]


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
    for command, heavy in COMMANDS.items():
        ended = run_process(sys.executable, "-c", RUN, *command.split(), folder=tmp_path)
        assert ended.status == 0, ended.err
        assert "mfps.cli.main" in ended.err.split()
        assert not set(ended.err.split()) & heavy, command
