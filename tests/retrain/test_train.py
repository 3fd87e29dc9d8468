import io
import json
import shutil

import mfps.engine.update
import mfps.retrain.perceptual
import mfps.retrain.train
import mfps.training.session
import pytest
import torch
from mfps.data.dataset import FaceFolder
from mfps.data.loader import make_loader
from mfps.degradation.folder import degradation_targets, degrade_files
from mfps.engine.configuration import resolve
from mfps.engine.update import checked_update
from mfps.engine.weights import load_weights, save_weights
from mfps.errors import first_violation
from mfps.genotypes.genotype_file import read_genotype, write_genotype
from mfps.inference.compile import compile_genotype, load_network, slice_supernet
from mfps.nas.config import SearchConfig
from mfps.nas.search_network import build_search_network
from mfps.networks.vgg19 import VGG19Features
from mfps.retrain.config import RetrainConfig
from mfps.retrain.train import NORM_BATCHES, Training, retrain
from mfps.training.norm_statistics import estimate_norms, norm_batches
from mfps.training.training_data import training_data
from mfps.training.validation import ValidationPSNR, validation_psnr
from pydantic import ValidationError
from rich.console import Console

from ..waits import waits_for

TINY = {
    "size": 16, "blocks": 1, "epochs": 2, "epoch_steps": 2, "batch_size": 2, "val_list": "val.txt", "perceptual": 0,
    "device": "cpu", "layout": "channels-last", "schedule": "constant",
}  # fmt: skip


@pytest.fixture(scope="module")
def genotype(drawn_genotype, tmp_path_factory):
    file = tmp_path_factory.mktemp("genotype") / "genotype.json"
    write_genotype(drawn_genotype(), file)
    return str(file)


@pytest.fixture(scope="module")
def config(drawn_folder, genotype):
    def make(out, **changed):
        return RetrainConfig(**{"data": drawn_folder, "out": out, "genotype": genotype, **TINY, **changed})

    return make


def history(folder):
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


@pytest.fixture
def undrawn(monkeypatch):
    monkeypatch.setattr(mfps.retrain.train, "draw_genotype", lambda *_: None)


@pytest.fixture(scope="module")
def run(config, tmp_path_factory):
    out = tmp_path_factory.mktemp("retrain") / "run"
    retrain(config(out), Console(quiet=True))
    return out


def test_a_run_is_a_folder(run, config, genotype):
    assert {path.name for path in run.iterdir()} == {
        "config.yaml", "environment.json", "genotype.json", "genotype.svg", "genotype.png", "history.jsonl",
        "weights.safetensors", "tensorboard", "checkpoints",
    }  # fmt: skip
    assert resolve(RetrainConfig, "published", run / "config.yaml", {}) == config(run)
    assert read_genotype(run) == read_genotype(genotype)
    assert [(record["epoch"], record["step"]) for record in history(run)] == [(1, 2), (2, 4)]


def test_without_a_console_nothing_is_printed(config, tmp_path, undrawn, capfd):
    retrain(config(tmp_path / "run", max_steps=1))
    assert capfd.readouterr() == ("", "")


def test_the_kept_weights_are_those_of_the_best_epoch(run, drawn_folder):
    records = history(run)
    best = max(records, key=lambda record: record["psnr"]["iterations"][-1])
    loaded = load_network(run)
    assert loaded.provenance["epoch"] == best["epoch"]
    assert loaded.size == 16
    loaded.restorer.to(memory_format=torch.channels_last)  # as in training: the same kernels, the same rounding

    def restore(batch):
        moved = batch.to("cpu", channels_last=True)
        return loaded.restorer(moved.degraded, moved.priors)

    with torch.no_grad():
        val = make_loader(FaceFolder(drawn_folder, 16, names="val.txt"), None, 2, 0, False, 0)
        assert validation_psnr(restore, val) == (best["psnr"]["input"], best["psnr"]["iterations"])


@pytest.mark.parametrize(("solver", "lr"), [("adam", 3e-3), ("sgd", 0.1)])
def test_the_loss_falls(solver, lr, config, tmp_path, undrawn, console):
    overfit = {"degradation": "none", "epoch_steps": 4, "epochs": 8, "batch_size": 1}
    retrain(config(tmp_path / "run", solver=solver, lr=lr, **overfit), console)
    losses = [record["loss"]["l1"] for record in history(tmp_path / "run")]
    assert losses[-1] < 0.6 * losses[0]


def test_the_same_seed_gives_the_same_bytes_with_any_workers(run, config, tmp_path, undrawn, console):
    for workers in (0, 1):
        again = tmp_path / str(workers)
        retrain(config(again, workers=workers), console)
        for name in ("history.jsonl", "weights.safetensors"):
            assert (again / name).read_bytes() == (run / name).read_bytes(), (name, workers)
    retrain(config(tmp_path / "other", seed=1), console)
    assert (tmp_path / "other" / "weights.safetensors").read_bytes() != (run / "weights.safetensors").read_bytes()


def test_a_training_is_resumed_with_fewer_steps_than_it_has(config, tmp_path, undrawn, console, dies_at):
    options = {"epoch_steps": 2, "epochs": 2, "checkpoint_steps": 1}
    with dies_at(3):
        retrain(config(tmp_path / "run", **options), console)
    retrain(config(tmp_path / "run", **options, max_steps=2, resume=True), console)
    assert [record["step"] for record in history(tmp_path / "run")] == [2, 3]


def test_a_training_whose_folders_were_moved_ends_the_same(
    run, config, genotype, drawn_folder, tmp_path, undrawn, console, dies_at, refused
):
    """Run folder, faces, list and genotype lie elsewhere when it is resumed; a changed list is refused."""
    with dies_at(2):
        retrain(config(tmp_path / "here", checkpoint_steps=1), console)
    (tmp_path / "machine").mkdir()
    shutil.move(tmp_path / "here", tmp_path / "machine" / "run")
    shutil.copytree(drawn_folder, tmp_path / "machine" / drawn_folder.name)
    shutil.copy(genotype, tmp_path / "machine" / "renamed.json")
    data, names = tmp_path / "machine" / drawn_folder.name, tmp_path / "machine" / "names.txt"
    moved = {"data": data, "genotype": str(tmp_path / "machine" / "renamed.json"), "val_list": names, "resume": True}
    names.write_text((data / "val.txt").read_text().splitlines()[0])
    before = {file: file.read_bytes() for file in (tmp_path / "machine").rglob("*") if file.is_file()}
    with refused(r"names.txt: not the `val_list` that the run was started with, which was a list of 2 photographs"):
        retrain(config(tmp_path / "machine" / "run", checkpoint_steps=1, **moved), console)
    assert {file: file.read_bytes() for file in (tmp_path / "machine").rglob("*") if file.is_file()} == before
    shutil.copy(data / "val.txt", names)
    retrain(config(tmp_path / "machine" / "run", checkpoint_steps=1, **moved), console)
    for name in ("history.jsonl", "weights.safetensors"):
        assert (tmp_path / "machine" / "run" / name).read_bytes() == (run / name).read_bytes(), name
    written = resolve(RetrainConfig, "published", tmp_path / "machine" / "run" / "config.yaml", {})
    assert written.data == data  # what was given last


@pytest.mark.parametrize("options", [{}, {"ema": 0.5, "solver": "sgd", "schedule": "cosine", "flip": True}])
@pytest.mark.parametrize("steps", [(0,), (1, 2), (3,)])
def test_a_training_that_dies_and_is_resumed_ends_the_same(config, tmp_path, undrawn, console, dies_at, steps, options):
    whole, again = tmp_path / "whole", tmp_path / "again"
    retrain(config(whole, **options), console)
    for step in steps:
        with dies_at(step):
            retrain(config(again, resume=True, checkpoint_steps=1, **options), console)
    retrain(config(again, resume=True, checkpoint_steps=1, **options), console)
    for name in ("history.jsonl", "weights.safetensors"):
        assert (again / name).read_bytes() == (whole / name).read_bytes(), name


def test_the_average_of_the_weights_is_validated_and_saved(config, tmp_path, undrawn, console):
    """After one step an average with decay d is d times the start and 1 - d times the step's weights."""
    kept = {}
    for ema in (None, 0.25):
        retrain(config(tmp_path / str(ema), ema=ema, epochs=1, epoch_steps=2, lr=0.1), console)
        kept[ema] = dict(load_network(tmp_path / str(ema)).restorer.named_parameters())
    retrain(config(tmp_path / "first", epochs=1, epoch_steps=1, lr=0.1), console)
    first = dict(load_network(tmp_path / "first").restorer.named_parameters())
    for name, last in kept[None].items():
        assert torch.allclose(kept[0.25][name], 0.25 * first[name] + 0.75 * last, atol=1e-6), name


@pytest.fixture(scope="module")
def supernet(tmp_path_factory):
    """A supernet's weights, and its state."""
    small = {"data": "-", "out": "-", "width": 1, "layers": 2, "blocks": 1}
    torch.manual_seed(5)
    searched = build_search_network(SearchConfig(**small), {})
    file = tmp_path_factory.mktemp("supernet") / "weights.safetensors"
    save_weights(file, searched.restorer.state_dict(), **searched.header(), provenance={})
    return file


def test_training_starts_from_the_supernets_weights(supernet, genotype, config, tmp_path, undrawn, console):
    still = {"lr": 1e-30, "weight_decay": 0, "max_steps": 1}
    retrain(config(tmp_path / "run", from_supernet=supernet, **still), console)
    trained = load_network(tmp_path / "run").restorer
    expected = compile_genotype(read_genotype(genotype), trained.config)
    slice_supernet(expected, load_weights(supernet).state, "supernet")
    sliced = dict(expected.named_parameters())
    assert all(torch.allclose(p, sliced[name], rtol=0, atol=1e-20) for name, p in trained.named_parameters())
    retrain(config(tmp_path / "fresh", **still), console)
    fresh = load_network(tmp_path / "fresh").restorer
    assert not torch.equal(fresh.conv_first.weight, trained.conv_first.weight)


def test_it_starts_with_statistics_of_its_own(supernet, genotype, config, tmp_path):
    """Not with those of the supernet, which are of all its architectures."""
    given = config(tmp_path / "run", from_supernet=supernet)
    training = Training(given)
    network = training.parts["network"]
    expected = compile_genotype(read_genotype(genotype), network.config)
    slice_supernet(expected, load_weights(supernet).state, "supernet")
    faces = training_data(given)[0]
    estimate_norms(expected, lambda batch: expected(batch.degraded), norm_batches(faces, NORM_BATCHES, given.seed))
    for name, buffer in expected.named_buffers():
        assert torch.allclose(network.get_buffer(name).double(), buffer.double(), rtol=1e-4, atol=1e-5), name


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_a_start_from_a_trained_network_starts_there(solver, run, config, tmp_path, undrawn, console):
    still = {"lr": 1e-30, "weight_decay": 0, "max_steps": 1}
    retrain(config(tmp_path / "run", init_from=run, solver=solver, **still), console)
    before, after = (dict(load_network(folder).restorer.named_parameters()) for folder in (run, tmp_path / "run"))
    assert all(torch.allclose(p, after[name], rtol=0, atol=1e-20) for name, p in before.items())


def test_supernets_that_do_not_fit(supernet, run, config, tmp_path, console, refused):
    for changed, rule in (
        ({"width": 2}, r"weights.safetensors: conv_first.weight has shape .* start from a supernet of the same width"),
        ({"blocks": 2}, "lacks encoder.1.convs.0.weight"),
        ({"base": "input"}, "`base` is input, but the supernet of `from_supernet` .* was searched with none; give the"),
        ({"from_supernet": tmp_path / "none"}, "no weights file"),
    ):
        with refused(rule):
            retrain(config(tmp_path / "run", **{"from_supernet": supernet, **changed}), console)
    assert not (tmp_path / "run").exists()


def test_search_narrow_retrain_wide(genotype, config, tmp_path, undrawn, console):
    found = retrain(config(tmp_path / "run", width=2, max_steps=1), console)
    narrow = read_genotype(genotype)
    assert found.present["upsample"].width == 2
    assert found.present["upsample"].path == narrow.present["upsample"].path
    assert found.provenance["widened_from"] == narrow.hash
    assert load_network(tmp_path / "run").genotype.hash == read_genotype(tmp_path / "run").hash == found.hash


def test_a_cell_of_skips_alone_is_told_before_the_first_step(genotype, config, tmp_path, undrawn):
    """One edge that is not a skip is enough to keep it quiet."""
    drawn = read_genotype(genotype).model_dump(mode="json", by_alias=True)
    for count in (5, 6):
        for edge in drawn["branches"]["upsample"]["cell"][:count]:
            edge["op"] = "skip"
        (tmp_path / f"{count}.json").write_text(json.dumps(drawn))
        said = io.StringIO()
        retrain(config(tmp_path / f"{count}", genotype=tmp_path / f"{count}.json"), Console(file=said, width=300))
        first = said.getvalue().splitlines()[0]
        assert first.startswith("note      every edge of the upsample cell is a skip: ") == (count == 6)


def test_priors_attention_and_iterations(drawn_genotype, config, tmp_path, undrawn, console):
    write_genotype(drawn_genotype(("parsing", "heatmap")), tmp_path / "genotype.json")
    options = {"priors": "parsing,heatmap", "attention": True, "iterations": 3, "max_steps": 1, "heatmap_rgb": True}
    retrain(config(tmp_path / "run", genotype=str(tmp_path / "genotype.json"), **options), console)
    loaded = load_network(tmp_path / "run")
    assert loaded.restorer.config.prior_channels == {"parsing": 19, "heatmap": 71}
    assert loaded.restorer.config.attention
    assert len(history(tmp_path / "run")[0]["psnr"]["iterations"]) == 3
    assert history(tmp_path / "run")[0]["oracle_priors"] == ["parsing", "heatmap"]
    assert "dB with oracle priors (best so far)" in console.file.getvalue()
    assert loaded.provenance["heatmap_rgb"]


@pytest.mark.parametrize("source", ["degraded", "coarse"])
def test_priors_found_on_the_fly_need_none_beside_the_photographs(
    source, drawn_folder, drawn_genotype, config, tmp_path, undrawn, console, monkeypatch
):
    shutil.copytree(drawn_folder / "images", tmp_path / "bare" / "images")
    shutil.copy(drawn_folder / "val.txt", tmp_path / "bare")
    seen = []

    class Extractor:
        def __init__(self, channels, sources, device, heatmap_rgb, dropped):
            self.channels = channels

        def provenance(self):
            return {}

        def __call__(self, images):
            seen.append(images)
            return {prior: torch.zeros(len(images), c, *images.shape[2:]) for prior, c in self.channels.items()}

    monkeypatch.setattr(mfps.retrain.train, "PriorExtractor", Extractor)
    write_genotype(drawn_genotype(("parsing", "heatmap")), tmp_path / "genotype.json")
    options = {"priors": "parsing,heatmap", "priors_from": source, "max_steps": 1, "epoch_steps": 1}
    bare = {"data": tmp_path / "bare", "genotype": str(tmp_path / "genotype.json")}
    retrain(config(tmp_path / "run", **bare, **options), console)
    assert load_network(tmp_path / "run").restorer.config.prior_channels == {"parsing": 19, "heatmap": 68}
    assert "oracle" not in console.file.getvalue()
    assert len(seen) >= 2


def test_a_dropout_of_priors_that_are_not_stored_is_refused(config, tmp_path, refused):
    with refused("`prior_dropout` needs stored priors, but `priors_from` coarse finds them on the fly"):
        try:
            config(tmp_path / "run", priors="heatmap", prior_dropout=0.2, priors_from="coarse")
        except ValidationError as error:
            raise first_violation(error, "options") from None


@pytest.mark.parametrize("val_list", [None, "val.txt"])
def test_validation_faces_are_not_trained_on(val_list, config, tmp_path, undrawn, console, monkeypatch):
    learnt, judged = set(), set()

    def spy(terms, step, names):
        learnt.update(names)

    def judge(restore, batches, gather):
        judged.update(name for batch in batches for name in batch.names)
        return ValidationPSNR(20.0, [20.0])

    monkeypatch.setattr(mfps.engine.update, "not_finite", spy)
    monkeypatch.setattr(mfps.training.session, "validation_psnr", judge)
    retrain(config(tmp_path / "run", val_list=val_list, epoch_steps=None, epochs=1, batch_size=1), console)
    assert learnt | judged == {f"{number:04d}.png" for number in range(8)}
    assert len(judged) == (1 if val_list is None else 2)
    assert not learnt & judged


@pytest.mark.parametrize("options", [{"ema": 0.9, "clip_norm": 1.0}, {"solver": "sgd", "perceptual": 0.005}])
def test_an_update_waits_for_the_device_once(config, tmp_path, undrawn, console, monkeypatch, options):
    waits = []

    def watched(fabric, optimizer, parameters, *rest):
        with waits_for(parameters.values()) as found:
            means = checked_update(fabric, optimizer, parameters, *rest)
        waits.append(found)
        return means

    monkeypatch.setattr(mfps.retrain.perceptual, "load_vgg19", lambda _: VGG19Features().requires_grad_(False))
    monkeypatch.setattr(mfps.retrain.train, "checked_update", watched)
    retrain(config(tmp_path / "run", max_steps=2, **options), console)
    assert waits == [["tolist"]] * 2


def test_the_perceptual_term_is_part_of_the_loss(config, tmp_path, undrawn, console, monkeypatch):
    monkeypatch.setattr(mfps.retrain.perceptual, "load_vgg19", lambda _: VGG19Features().requires_grad_(False))
    retrain(config(tmp_path / "run", perceptual=0.005, max_steps=1), console)
    assert list(history(tmp_path / "run")[0]["loss"]) == ["l1", "perceptual"]


def test_what_cannot_be_trained_makes_no_folder(drawn_folder, config, tmp_path, console, refused):
    for changed, rule in (
        ({"genotype": "nothing"}, "no genotype 'nothing'"),
        ({"priors": "heatmap"}, "takes the priors none but the data has heatmap"),
        ({"genotype": "mfpsnet"}, "takes the priors parsing, heatmap, dictionary but the data has none"),
        ({"perceptual": 0.005, "vgg19": tmp_path / "vgg.pth"}, "vgg.pth: there are no vgg19 weights"),
        ({"list": drawn_folder / "val.txt"}, "2 faces are also in the training list"),
        ({"batch_size": 7}, "do not fill a batch of 7"),
        ({"device": "cuda:99"}, "no device 'cuda:99'"),
    ):
        with refused(rule):
            retrain(config(tmp_path / "run", **changed), console)
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_not_finite_keeps_the_best_epoch(run, config, tmp_path, undrawn, console, monkeypatch, refused):
    loss = mfps.retrain.train.restoration_loss
    calls = iter(range(100))

    def diverging(*arguments):
        bad = next(calls) >= 2
        return {name: value * (float("inf") if bad else 1) for name, value in loss(*arguments).items()}

    monkeypatch.setattr(mfps.retrain.train, "restoration_loss", diverging)
    with refused(r"the l1 loss is inf at step 2 \(batch: "):
        retrain(config(tmp_path / "run"), console)
    assert history(tmp_path / "run") == history(run)[:1]
    assert load_network(tmp_path / "run").provenance["epoch"] == 1


def test_a_training_on_given_pairs_is_one_on_the_degradation_that_made_them(config, drawn_folder, tmp_path, undrawn):
    """Where all epochs see the same pixels, as they do of a degradation that draws nothing."""
    low = tmp_path / "low"
    list(degrade_files(drawn_folder, low, degradation_targets(drawn_folder, low), "grey", None, 0))
    retrain(config(tmp_path / "made", degradation="grey", flip=True))
    retrain(config(tmp_path / "given", pairs=low, flip=True))
    made, given = (load_weights(tmp_path / name) for name in ("made", "given"))
    assert all(torch.equal(made.state[name], given.state[name]) for name in made.state)
    provenance = given.header["provenance"]
    assert provenance["degradation"] == "given pairs"
    assert (provenance["pairs"]["folder"], provenance["pairs"]["faces"]) == ("low", 8)
    retrain(config(tmp_path / "given", pairs=low, flip=True, resume=True))
