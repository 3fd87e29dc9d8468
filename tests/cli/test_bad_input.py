"""Input that cannot be used ends in one line and exit status 1, and changes no file."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from mfps.drawn.faces import write_drawn_faces

from .bad_world import (
    write_bad_configs,
    write_bad_data,
    write_bad_fronts,
    write_bad_genotypes,
    write_bad_published,
    write_bad_weights,
)
from .cases import (
    BENCH,
    DATA,
    EVALUATE,
    EVALUATE_OUT,
    EXPORT,
    GENOTYPES,
    OPTIONS,
    PLACES,
    PUBLISHED,
    RANK,
    RETRAIN_OUT,
    SEARCH_OUT,
    STUDY,
    Case,
)
from .conftest import Ended


@pytest.fixture(scope="module")
def bad_world(trained_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world, and every bad thing that the cases name. No case may change it."""
    folder = tmp_path_factory.mktemp("bad") / "world"
    shutil.copytree(trained_world, folder)
    write_bad_data(folder)
    write_bad_genotypes(folder)
    write_bad_configs(folder)
    write_bad_weights(folder)
    write_bad_published(folder)
    write_bad_fronts(folder)
    return folder


@pytest.fixture
def unchanged(bad_world: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run in the bad world, and check that not a file of it is new, gone or changed."""
    monkeypatch.chdir(bad_world)
    before = tree(bad_world)
    yield
    after = tree(bad_world)
    shutil.rmtree("new", ignore_errors=True)
    assert after == before


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """Every path below a folder, with its size and the time it was changed."""
    found = {}
    for parent, folders, files in os.walk(folder):
        found.update((os.path.join(parent, name), (0, 0)) for name in folders)  # noqa: PTH118 - four times as fast
        for name in files:
            status = os.stat(path := os.path.join(parent, name))  # noqa: PTH116, PTH118
            found[path] = status.st_size, status.st_mtime_ns
    return found


def assert_one_line(ended: Ended, named: tuple[str, ...], status: int = 1) -> None:
    assert ended.status == status, ended
    lines = ended.err.splitlines()
    assert len(lines) == 1, ended.err
    assert lines[0].startswith("mfps: ")
    assert len(lines[0]) < 600
    for jargon in ("Traceback", "Input should", "Extra inputs", "Value error", "Field required", 'File "'):
        assert jargon not in ended.err
    for part in named:
        assert part in ended.err, f"{part!r} is not in: {ended.err}"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "bad", [*DATA, *OPTIONS, *PLACES, *GENOTYPES, *EVALUATE, *EXPORT, *BENCH, *RANK, *STUDY, *PUBLISHED]
)
def test_one_line_says_what_is_wrong_and_nothing_is_written(mfps: Callable[[str], Ended], bad: Case) -> None:
    assert_one_line(mfps(bad.command), bad.named)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "command", [SEARCH_OUT, RETRAIN_OUT, "degrade faces --out new", "export trained --out new", EVALUATE_OUT]
)
def test_no_write_permission(mfps: Callable[[str], Ended], monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **how: not mode & os.W_OK and may(path, mode, **how))
    assert_one_line(mfps(command), ("new: no permission to write in .", "give another folder for --out"))


@pytest.mark.usefixtures("unchanged")
def test_nothing_is_left_of_an_evaluation_that_cannot_be_written(
    mfps: Callable[[str], Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)  # the reports', not the pictures'
    assert_one_line(mfps(f"{EVALUATE_OUT}/deeper --save-images"), ("evaluation.md", "No space left", "free space"))


@pytest.mark.parametrize("workers", [0, 1])
def test_corrupt_images_in_the_middle_of_a_run(world: Path, mfps: Callable[[str], Ended], workers: int) -> None:
    """The faces to validate and to select on are whole, so the damage is found among those to learn from."""
    write_drawn_faces(world / "corrupt", 7, 16, seed=2, val=2)
    for purpose, name in zip(("val", "select"), (world / "corrupt" / "val.txt").read_text().split(), strict=True):
        (world / "corrupt" / f"{purpose}.txt").write_text(f"{name}\n")
    for name in (world / "corrupt" / "train.txt").read_text().split():
        photograph = world / "corrupt" / "images" / name
        photograph.write_bytes(photograph.read_bytes()[:100])
    ended = mfps(
        f"{SEARCH_OUT} --data corrupt --val-list corrupt/val.txt --select-list corrupt/select.txt --workers {workers}"
    )
    assert_one_line(ended, ("corrupt/images/000", "the image is damaged", "replace the file", "cannot be read either"))
    assert not (world / "new").exists()


@pytest.mark.usefixtures("unchanged")
def test_a_corrupt_image_to_validate_on(mfps: Callable[[str], Ended]) -> None:
    (Path("corrupt") / "bad.txt").write_text("0003.png\n")
    ended = mfps(f"{SEARCH_OUT} --data corrupt --val-list corrupt/bad.txt")
    (Path("corrupt") / "bad.txt").unlink()
    assert_one_line(ended, ("corrupt/images/0003.png", "the image is damaged", "replace the file"))


@pytest.mark.parametrize("steps", [1, 3])
def test_a_search_that_diverges(world: Path, mfps: Callable[[str], Ended], steps: int) -> None:
    (world / "diverging.yaml").write_text("weight_lr: 1.0e+38\n")
    ended = mfps(f"{SEARCH_OUT} --max-steps {steps} --config diverging.yaml")
    assert_one_line(ended, ("not finite" if steps == 1 else "loss is", "lower the learning rate"))
    assert_no_half_run(world / "new")


@pytest.mark.parametrize("steps", [1, 3])
def test_a_training_that_diverges(world: Path, mfps: Callable[[str], Ended], steps: int) -> None:
    ended = mfps(f"{RETRAIN_OUT} --max-steps {steps} --solver sgd --lr 1e38 --schedule constant --base none")
    assert_one_line(ended, ("not finite" if steps == 1 else "loss is", "lower the learning rate"))
    assert_no_half_run(world / "new")


def assert_no_half_run(folder: Path) -> None:
    """A run that ended in its first epoch left the files of its start, and nothing that looks like a result."""
    left = {path.name for path in folder.iterdir()}
    start = {"config.yaml", "environment.json", "tensorboard", "checkpoints"}
    assert left <= {*start, "genotype.json", "genotype.svg", "genotype.png"}
    assert not [path for path in folder.rglob("*") if path.name.endswith((".part", ".tmp"))]


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB.\nGPU 0 has 8 GiB"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: out of memory. 9 GiB"
        ),
    ],
)
def test_not_enough_memory(
    world: Path, mfps: Callable[[str], Ended], monkeypatch: pytest.MonkeyPatch, error: RuntimeError
) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("mfps.nas.supernet_training.restoration_loss", exhausted)
    assert_one_line(mfps(SEARCH_OUT), ("out of memory", "--batch-size or --size"))


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("search --wings 3", "--wings"),
        ("search --width wide", "--width"),
        ("evaluate", "weights"),
        ("evaluate trained --out new", "--data"),
        ("degrade faces", "--out"),
        ("genotype draw mfpsnet", "--out"),
        ("fly", "fly"),
    ],
)
def test_wrong_usage_ends_with_status_2(mfps: Callable[[str], Ended], command: str, named: str) -> None:
    ended = mfps(command)
    assert ended.status == 2
    assert named.lower() in ended.err.lower()
    assert "Traceback" not in ended.err
