"""The shape of the repository: tests mirror modules, imports run one way, texts leave it in one way."""

import re
import shutil
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from mfps.engine.configuration import PRESETS

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


def test_every_module_has_its_tests():
    """A test file of its own, or an entry in TESTED_ELSEWHERE, and not both."""
    own = {
        module.as_posix() for module in MODULES if (ROOT / "tests" / module.parent / f"test_{module.name}.py").is_file()
    }
    modules = {module.as_posix() for module in MODULES}
    assert sorted(modules - own - TESTED_ELSEWHERE.keys()) == []
    assert sorted(own & TESTED_ELSEWHERE.keys()) == []
    assert [place for place in TESTED_ELSEWHERE.values() if not (ROOT / "tests" / f"{place}.py").is_file()] == []


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
