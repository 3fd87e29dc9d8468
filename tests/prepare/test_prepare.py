"""What `prepare` promises, checked on a gallery of drawn photographs with most things that can be wrong."""

import json
import shutil
import signal

import numpy as np
import pytest
import torch
from mfps.data.dataset import FaceFolder
from mfps.files.atomic_file import is_partial
from mfps.files.done_journal import DoneJournal
from mfps.files.hashes import sha256_of
from mfps.files.markdown import markdown_text
from mfps.images.image import image_size, read_image, write_image
from mfps.prepare import cut_files
from mfps.priors.dictionary.build import build_dictionary
from mfps.priors.dictionary.config import DictionaryConfig
from mfps.priors.landmarks.landmark_file import read_landmarks, write_landmarks
from mfps.priors.parsing.classes import CELEBAMASK_CLASSES
from mfps.priors.parsing.label_maps import read_label_map
from PIL import Image

KEPT = ["one.png", "sub/pair_0.png", "sub/pair_1.png"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory, gallery):
    """A data set that was never interrupted. Read only."""
    from mfps.prepare.config import PrepareConfig
    from mfps.prepare.prepare import prepare
    from rich.console import Console

    out = tmp_path_factory.mktemp("finished") / "out"
    config = PrepareConfig.model_validate(
        {"photos": gallery / "photos", "out": out, "size": 32, "landmarks": gallery / "marks.xml"}
        | {"labels": gallery / "labels", "priors": ("parsing", "heatmap"), "max_megapixels": 0.03, "val": 0.4}
        | {"workers": 0, "device": "cpu"}
    )
    prepare(config, Console(quiet=True))
    return out


class Killed(BaseException):
    """Not an Exception, so that no error handler sees it, as none sees a killed process."""


def test_every_photograph_is_kept_or_dropped_with_its_reason(prepared, tmp_path, wrong, console, gallery):
    done = prepared(tmp_path / "out", console)
    assert [face.name for face in done.faces] == KEPT
    assert set(done.dropped) == set(wrong)
    lines = console.file.getvalue().splitlines()
    report = (tmp_path / "out" / "report.md").read_text()
    for name, word in wrong.items():
        (reason,) = done.dropped[name]
        assert word in reason
        assert str(gallery) not in reason.replace(str(gallery / "labels"), "")
        assert f"dropped   {name}: {reason}" in lines
        assert f"- {markdown_text(f'{name}: {reason}')}" in report


@pytest.mark.parametrize("workers", [1, 3])
def test_the_bytes_do_not_depend_on_the_number_of_processes(prepared, tmp_path, finished, tree, workers):
    prepared(tmp_path / "out", workers=workers)
    assert tree(tmp_path / "out") == tree(finished)


@pytest.mark.parametrize("after", range(0, 10, 2))
@pytest.mark.parametrize("torn", [False, True])
def test_a_killed_run_continues_to_the_same_bytes(prepared, tmp_path, finished, tree, monkeypatch, after, torn):
    add = DoneJournal.add

    def add_some(journal, key, **entry):
        if len(journal.entries) == after:
            if torn:  # half a line of the journal, half a picture
                with journal.file.open("a") as opened:
                    opened.write('{"key": "one.png", "sha')
                for partial in (".one.png.123.part", ".0123456789abcdef.123.tmp"):  # the latter by version 0.1
                    (tmp_path / "out" / "images" / partial).write_bytes(b"half")
            raise Killed
        add(journal, key, **entry)

    with monkeypatch.context() as patch:
        patch.setattr(DoneJournal, "add", add_some)
        with pytest.raises(Killed):
            prepared(tmp_path / "out")
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "images").rglob("*.png")}
    recorded = {entry["key"] for entry in _entries(tmp_path / "out")}
    assert len(recorded) == after
    prepared(tmp_path / "out")
    assert tree(tmp_path / "out") == tree(finished)
    kept = {path for path in made if path.name in recorded}
    assert all(path.stat().st_mtime_ns == made[path] for path in kept)  # what was finished was not made again


def test_a_finished_run_does_not_change(prepared, tmp_path, finished, tree, monkeypatch):
    shutil.copytree(finished, tmp_path / "out")
    monkeypatch.setattr(cut_files, "read_image", lambda *_, **__: pytest.fail("a photograph was read again"))
    prepared(tmp_path / "out")
    assert tree(tmp_path / "out") == tree(finished)


@pytest.mark.parametrize("room", [0, 2, 5])
def test_a_full_disk_keeps_what_is_finished(prepared, tmp_path, finished, tree, monkeypatch, refused, room):
    save, saved = Image.Image.save, []

    def until_full(image, file, *args, **options):
        if len(saved) == room:
            raise OSError(28, "No space left on device")
        saved.append(file)
        save(image, file, *args, **options)

    with monkeypatch.context() as patch, refused("cannot be written .No space left on device."):
        patch.setattr(Image.Image, "save", until_full)
        prepared(tmp_path / "out")
    assert not [path for path in tmp_path.rglob("*") if is_partial(path)]
    assert all(name in tree(finished) for name in tree(tmp_path / "out"))
    prepared(tmp_path / "out")
    assert tree(tmp_path / "out") == tree(finished)


def test_landmarks_and_labels_move_with_the_face(finished):
    """The tip of the nose is on the nose, the corner of the mouth on lips or beside them, in picture and map alike."""
    landmarks = read_landmarks(finished / "priors" / "landmarks.json")
    assert landmarks.scheme == "ibug68"
    for name in KEPT:
        labels = read_label_map(finished / "priors" / "parsing" / name)
        x, y = np.rint(landmarks.faces[name].points[30]).astype(int)
        assert CELEBAMASK_CLASSES[labels[y, x]] == "nose"
        assert image_size(finished / "images" / name) == (32, 32)


def test_the_manifest_has_every_file_and_the_lists_have_every_face(finished, gallery):
    manifest = json.loads((finished / "manifest.json").read_text())
    files = {path.relative_to(finished).as_posix() for path in finished.rglob("*") if path.is_file()}
    assert set(manifest["files"]) == {name for name in files if not name.startswith(".")} - {"manifest.json"}
    assert all(sha256_of(finished / name) == sha256 for name, sha256 in manifest["files"].items())
    assert all(sha256_of(gallery / "photos" / name) == sha for name, sha in manifest["photographs"].items())
    lists = {name: (finished / f"{name}.txt").read_text().split() for name in manifest["splits"]}
    assert {name: len(faces) for name, faces in lists.items()} == manifest["splits"]
    assert sorted(name for names in lists.values() for name in names) == KEPT
    assert {"mfps", "torch", "python"} <= set(manifest["libraries"])
    assert manifest["settings"]["landmarks"].startswith("marks.xml ")
    assert str(gallery) not in json.dumps(manifest["settings"])


def test_the_data_set_is_one_that_training_reads(finished):
    faces = FaceFolder(finished, 32, "noise", finished / "train.txt", ("parsing", "heatmap"))
    sample = faces[0, 0]
    assert faces.prior_channels == {"parsing": 19, "heatmap": 68}
    assert sample.clean.shape == (32, 32, 3)


def test_aligned_photographs_that_are_changed_are_counted(prepared, tmp_path, console):
    """In a run that is continued too."""
    (tmp_path / "photos").mkdir()
    for number, (height, width) in enumerate([(64, 64), (64, 80), (32, 32), (20, 32)]):
        write_image(tmp_path / "photos" / f"{number}.png", np.zeros((height, width, 3), np.uint8))
    for _ in range(2):
        prepared(tmp_path / "out", console, photos=tmp_path / "photos", labels=None, landmarks=None, aligned=True,
                 size=32, least_side=16, priors=())  # fmt: skip
    said = (
        "note      2 of 4 photographs are larger than 32 px and are shrunk, 1 is smaller than 32 px and is enlarged, "
        "2 are not square and are cut to their middle\n"
    )
    assert console.file.getvalue().replace("\n", " ").count(said.replace("\n", " ")) == 2


def test_aligned_photographs_stay_as_they_are(prepared, tmp_path, faces):
    (tmp_path / "photos").mkdir()
    for number, face in enumerate(faces):
        write_image(tmp_path / "photos" / f"{number}.png", face.image)
    marks = {"0.png": ((64, 64), faces[0].points)}  # one face of four has landmarks
    write_landmarks(tmp_path / "marks.json", "ibug68", marks)
    settings = {"photos": tmp_path / "photos", "landmarks": tmp_path / "marks.json", "labels": None}
    done = prepared(tmp_path / "out", size=64, aligned=True, priors=("heatmap",), **settings)
    assert len(done.faces) == 4
    for number, face in enumerate(faces):
        assert np.array_equal(read_image(tmp_path / "out" / "images" / f"{number}.png"), face.image)
    # A missing face is zero channels, and is counted.
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["faces_without_points"], manifest["missing_points"]) == (3, 0)
    assert "faces without any: 3" in (tmp_path / "out" / "report.md").read_text()
    folder = FaceFolder(tmp_path / "out", 64, "noise", None, ("heatmap",))
    heatmaps = [folder.priors.tensors([folder[0, i].priors], torch.zeros(1, 3, 64, 64))["heatmap"] for i in range(4)]
    assert heatmaps[0].amax((2, 3)).min() > 0.6
    assert not any(heatmap.any() for heatmap in heatmaps[1:])


def test_all_three_priors_take_little_room_and_survive_a_kill(
    prepared, tmp_path, parser_folder, cheap_features, finished, tree, monkeypatch, console
):
    build_dictionary(
        DictionaryConfig(data=finished, out=tmp_path / "d.safetensors", entries=2, random_features=True, device="cpu"),
        console,
    )
    settings = {
        "size": 128,
        "least_side": 8,
        "labels": None,
        "parser": str(parser_folder),
        "priors": ("parsing", "heatmap", "dictionary"),
        "dictionary": tmp_path / "d.safetensors",
    }
    prepared(tmp_path / "out", **settings)
    out = tmp_path / "out"
    provenance = json.loads((out / "priors" / "provenance.json").read_text())
    assert {prior: by["made_from"] for prior, by in provenance.items()} == dict.fromkeys(provenance, "clean")
    assert provenance["dictionary"]["features"] == "seeded random VGG19 (seed 0)"
    assert provenance["parsing"]["sha256"] == sha256_of(parser_folder / "model.safetensors")
    assert str(tmp_path) not in json.dumps(provenance)
    assert "parsing, heatmap, dictionary: oracle priors" in (out / "report.md").read_text()
    names = [face.name for face in prepared(out, **settings).faces]
    assert len(names) == 5  # the small one too
    for name in names:  # landmarks and dictionary have a line a face
        lines = [
            next(len(line) + 1 for line in (out / "priors" / file).read_text().splitlines() if f'"{name}"' in line)
            for file in ("landmarks.json", "dictionary.json")
        ]
        assert (out / "priors" / "parsing" / name).stat().st_size + sum(lines) <= 10_000
    assert FaceFolder(out, 128, "noise", None, tuple(provenance)).prior_channels["dictionary"] == 256

    for target, real in (
        ("mfps.priors.parsing.kind.write_label_map", cut_files.write_label_map),
        ("mfps.files.done_journal.DoneJournal.add", DoneJournal.add),
    ):
        killed, calls = tmp_path / real.__name__, []

        def third(*args, real=real, calls=calls, **options):
            calls.append(args)
            if len(calls) == (13 if real is DoneJournal.add else 3):
                raise Killed
            return real(*args, **options)

        with monkeypatch.context() as patch:
            patch.setattr(target, third)
            with pytest.raises(Killed):
                prepared(killed, **settings)
        prepared(killed, **settings)
        assert tree(killed) == tree(out)


def test_priors_of_degraded_photographs_are_not_oracle_priors(prepared, tmp_path):
    prepared(tmp_path / "out", made_from="degraded")
    assert "oracle" not in (tmp_path / "out" / "report.md").read_text()
    provenance = json.loads((tmp_path / "out" / "priors" / "provenance.json").read_text())
    assert {by["made_from"] for by in provenance.values()} == {"degraded"}


def test_a_killed_worker_is_an_error_of_one_line(prepared, tmp_path, finished, tree, monkeypatch, refused):
    def die(*_, **__):
        signal.raise_signal(signal.SIGKILL)

    with monkeypatch.context() as patch, refused("killed, most likely because memory ran out"):
        patch.setattr(cut_files, "read_image", die)
        prepared(tmp_path / "out", workers=1)
    prepared(tmp_path / "out")
    assert tree(tmp_path / "out") == tree(finished)


def _entries(out):
    for line in (out / ".prepare" / "photographs.jsonl").read_text().splitlines()[1:]:
        if line.endswith("}"):
            yield json.loads(line)
