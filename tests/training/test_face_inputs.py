"""The law of what a run is given: moved or named in another way it is the same, changed it is another and is named."""

import dataclasses
import json
import re
import shutil
import typing
from pathlib import Path
from types import SimpleNamespace

import mfps.retrain.train
import pytest
import torch
from mfps.engine.run_folder import MAY_CHANGE
from mfps.engine.run_inputs import BY_CONTENT, check_inputs, contents
from mfps.engine.weights import load_weights, save_weights
from mfps.errors import MfpsError
from mfps.files import external_weights
from mfps.files.hashes import sha256_of
from mfps.genotypes.genotype_file import read_genotype, write_genotype
from mfps.genotypes.prior_branches import PUBLISHED_PRIORS
from mfps.inference.compile import compile_genotype, weights_header
from mfps.nas.config import SearchConfig
from mfps.nas.search_network import build_search_network
from mfps.nas.supernet_training import SupernetTraining
from mfps.networks.network_config import NetworkConfig
from mfps.networks.vgg19 import VGG19Features
from mfps.retrain.config import RetrainConfig
from mfps.retrain.train import Training

MODELS = (SearchConfig, RetrainConfig)
PLACES = {
    "out": "the run folder itself, which a run writes and does not read",
    "latency": "of a budget, which may change when a run is resumed, as nothing is trained by it",
}
NO_FILES = {
    "hand_made",
    "priors",
    "drop_prior",
    "degradation",
    "device",
    "operations",
    "strategy",
    "max_gflops",
    "max_parameters",
    "max_ms",
}
"""Fields that take a text which is not the name of a file."""

TINY = {
    "size": 16,
    "blocks": 1,
    "batch_size": 1,
    "device": "cpu",
    "layout": "contiguous",
    "perceptual": 0,
    "priors": (),
    "width": 1,
}


def texts(annotation):
    """Whether a type holds any `str` or `Path`; a `Literal` names no file."""
    if typing.get_origin(annotation) is typing.Literal:
        return False
    return annotation in (str, Path) or any(map(texts, typing.get_args(annotation)))


@pytest.mark.parametrize("model", MODELS)
def test_every_field_that_may_name_a_file_is_known_by_content_or_is_a_place(model):
    """A new field that takes a path must be entered in `BY_CONTENT`, and then needs a case below."""
    named = {name for name, field in model.model_fields.items() if texts(field.annotation)}
    assert {"data", "out"} < named
    assert named - NO_FILES <= BY_CONTENT | PLACES.keys()


def test_no_field_is_known_in_two_ways():
    fields = {name for model in MODELS for name in model.model_fields}
    assert fields >= BY_CONTENT
    assert not BY_CONTENT & (MAY_CHANGE | NO_FILES | PLACES.keys())


@pytest.fixture
def here(tmp_path, drawn_folder, drawn_genotype, monkeypatch):
    """A folder with everything that a run can be given; finders and VGG19 are made small."""
    folder = tmp_path / "here"
    shutil.copytree(drawn_folder, folder / "faces")
    shutil.copytree(folder / "faces" / "images", folder / "low")
    for name in ("train.txt", "val.txt"):
        shutil.move(folder / "faces" / name, folder / name)
    (folder / "select.txt").write_text("0000.png\n0001.png\n")
    write_genotype(drawn_genotype(), folder / "genotype.json")
    write_genotype(drawn_genotype(PUBLISHED_PRIORS), folder / "three.json")
    searched = build_search_network(SearchConfig(data="-", out="-", width=1, layers=2, blocks=1), {})
    save_weights(folder / "supernet.safetensors", searched.restorer.state_dict(), **searched.header(), provenance={})
    config = NetworkConfig(iterations=1, blocks=1)
    network = compile_genotype(drawn_genotype(), config)
    save_weights(folder / "net.safetensors", network.state_dict(), **weights_header(drawn_genotype(), config, {}))
    for name in (
        "parser/model.safetensors",
        "parser/config.json",
        "external/fan.pth",
        "dictionary.bin",
        "vgg19.pth",
        "vgg_shift_tolerant.pth",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)

    def extractor(channels, sources, *_, **__):
        found = {
            "parsing": {"sha256": sha256_of(Path(sources.parser) / "model.safetensors"), "transformers": "5.1"},
            "heatmap": {"sha256": sha256_of(sources.weights_dir / "fan.pth"), "model": "FAN"},
            "dictionary": {"dictionary_sha256": sha256_of(sources.dictionary)},
        }
        return SimpleNamespace(provenance=lambda: found)

    monkeypatch.setattr(mfps.retrain.train, "PriorExtractor", extractor)
    monkeypatch.setattr(mfps.retrain.train, "perceptual_network", lambda _: VGG19Features())
    list_perceptual(folder, monkeypatch)
    return folder


def list_perceptual(folder, monkeypatch):
    """Any file but the listed ones is refused when it is read, so only a new version of mfps may take another."""
    hashes = {"vgg19": sha256_of(folder / "vgg19.pth"), "ST-LPIPS": sha256_of(folder / "vgg_shift_tolerant.pth")}
    listed = tuple(
        dataclasses.replace(weights, sha256=hashes.get(weights.name, weights.sha256))
        for weights in external_weights.WEIGHTS
    )
    monkeypatch.setattr(external_weights, "WEIGHTS", listed)


def other_weights(file):
    opened = load_weights(file)
    state = {name: tensor + 1 if tensor.is_floating_point() else tensor for name, tensor in opened.state.items()}
    save_weights(file, state, **opened.header)


def cut(file):
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))


def other_architecture(file):
    read = read_genotype(file)
    operations = [edge.model_copy(update={"op": "conv_7x7"}) for edge in read.branches.upsample.cell]
    branch = read.branches.upsample.model_copy(update={"cell": operations})
    changed = read.model_copy(update={"branches": read.branches.model_copy(update={"upsample": branch})})
    file.write_text(changed.to_json())


def rename(file):
    file.rename(file.with_name("new.png"))


def move_a_point(file):
    marks = json.loads(file.read_text())
    marks["faces"]["0000.png"]["points"][0][0] += 1
    file.write_text(json.dumps(marks))


RETRAIN = {"data": "faces", "list": "train.txt", "val_list": "val.txt", "genotype": "genotype.json"}
ON_THE_FLY = {
    **RETRAIN, "genotype": "three.json", "priors": PUBLISHED_PRIORS, "priors_from": "degraded", "parser": "parser",
    "weights_dir": "external", "dictionary": "dictionary.bin",
}  # fmt: skip
SEARCH = {
    "data": "faces",
    "val_list": "val.txt",
    "warmup_epochs": 0,
    "layers": 2,
    "fusion_layers": 2,
    "priors": ("heatmap",),
}
CASES = {
    "data": (RETRAIN | {"list": None, "val_list": None}, lambda at: rename(at / "faces/images/0003.png")),
    "data of a search": (SEARCH, lambda at: move_a_point(at / "faces/priors/landmarks.json")),
    "pairs": (RETRAIN | {"pairs": "low"}, lambda at: (at / "low/0003.png").rename(at / "low/0003.bmp")),
    "list": (RETRAIN, lambda at: cut(at / "train.txt")),
    "val_list": (RETRAIN, lambda at: cut(at / "val.txt")),
    "select_list": (SEARCH | {"select_list": "select.txt"}, lambda at: cut(at / "select.txt")),
    "fix": (SEARCH | {"fix": {"upsample": "genotype.json"}}, lambda at: other_architecture(at / "genotype.json")),
    "genotype": (RETRAIN, lambda at: other_architecture(at / "genotype.json")),
    "from_supernet": (
        RETRAIN | {"from_supernet": "supernet.safetensors"},
        lambda at: other_weights(at / "supernet.safetensors"),
    ),
    "init_from": (RETRAIN | {"init_from": "net.safetensors"}, lambda at: other_weights(at / "net.safetensors")),
    "parser": (ON_THE_FLY, lambda at: (at / "parser/model.safetensors").write_text("changed")),
    "parser's classes": (ON_THE_FLY, lambda at: (at / "parser/config.json").write_text("changed")),
    "dictionary": (ON_THE_FLY, lambda at: (at / "dictionary.bin").write_text("changed")),
    "weights_dir": (ON_THE_FLY, lambda at: (at / "external/fan.pth").write_text("changed")),
    "vgg19": (RETRAIN | {"perceptual": 1.0, "vgg19": "vgg19.pth"}, lambda at: (at / "vgg19.pth").write_text("changed")),
    "vgg16": (
        RETRAIN | {"perceptual": 1.0, "perceptual_network": "vgg16", "vgg16": "vgg_shift_tolerant.pth"},
        lambda at: (at / "vgg_shift_tolerant.pth").write_text("changed"),
    ),
}  # fmt: skip
"""For each field options that use it, and what changes the content of what it names."""


def test_every_field_that_is_known_by_content_has_a_case():
    assert {re.split("[ ']", name)[0] for name in CASES} == BY_CONTENT


def inputs_of(options, out):
    is_search = "warmup_epochs" in options
    left_out = {"perceptual"} if is_search else ({"width", "blocks"} if "init_from" in options else set())
    tiny = {name: value for name, value in TINY.items() if name not in left_out}
    model, stage = (SearchConfig, SupernetTraining) if is_search else (RetrainConfig, Training)
    return stage(model(out=out, **{**tiny, **options})).inputs


@pytest.mark.parametrize("name", CASES)
def test_what_is_moved_is_the_same_and_what_is_changed_is_refused(name, here, tmp_path, monkeypatch, refused):
    options, change = CASES[name]
    monkeypatch.chdir(here)
    torch.manual_seed(0)
    before = inputs_of(options, tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    here.rename(tmp_path / "there")
    absolute = {
        field: {branch: f"there/{file}" for branch, file in value.items()} if field == "fix"
        else str(tmp_path / "there" / value) if field in BY_CONTENT and value else value
        for field, value in options.items()
    }  # fmt: skip
    moved = inputs_of(absolute, tmp_path / "run2")
    check_inputs(contents(before), moved)
    assert contents(moved) == contents(before)
    change(tmp_path / "there")
    list_perceptual(tmp_path / "there", monkeypatch)
    field = re.split("[ ']", name)[0]
    with refused(
        f"there.*: not the `{field}` that the run was started with, which was .*give that one, or a new folder"
    ):
        check_inputs(contents(before), inputs_of(absolute, tmp_path / "run2"))


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("data", "data of a search")])
def test_what_is_added_or_left_out_is_refused(name, here, tmp_path, monkeypatch):
    """Unless it makes no difference: a list that names what is taken anyway."""
    options, _ = CASES[name]
    field = re.split("[ ']", name)[0]
    if field in (
        "genotype",
        "list",
        "val_list",
        "select_list",
        "parser",
        "dictionary",
        "weights_dir",
        "vgg19",
        "vgg16",
    ):
        return  # a run has one of these in any case, named or not
    monkeypatch.chdir(here)
    with_it = inputs_of(options, tmp_path / "run")
    without = inputs_of({key: value for key, value in options.items() if key != field}, tmp_path / "run")
    for one, other, rule in (
        (without, with_it, f"started without this `{field}`; leave it out"),
        (with_it, without, f"`{field}` .*give it again"),
    ):
        with pytest.raises(MfpsError, match=rule):
            check_inputs(contents(one), other)
