"""Every command that writes, small, and the folder that they run in; for `fault_rig.py`."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mfps.drawn import faces
from mfps.drawn.faces import write_drawn_faces
from mfps.engine import configuration
from mfps.engine.weights import save_weights
from mfps.genotypes.genotype_file import write_genotype
from mfps.genotypes.prior_branches import PUBLISHED_PRIORS
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.inference.compile import compile_genotype, weights_header
from mfps.networks.network_config import NetworkConfig
from mfps.priors.landmarks import detector

from ..gallery import cheaper_features
from ..processes import Ended
from ..published_recipe import state_of

NEVER = "^$"
"""A pattern that no path has."""

TINY = (
    "--preset tiny --size 16 --batch-size 1 --epochs 2 --epoch-steps 1 --max-steps 2 --width 1 --device cpu "
    "--layout channels-last"
)


@dataclass(frozen=True)
class Command:
    """A command, and what may be said of what it leaves. Patterns are searched for in paths."""

    text: str
    folders: tuple[str, ...] = ()
    """Empty folders that are there before."""
    all_or_nothing: bool = True
    """Whether nothing at all is left where it ends by itself."""
    grows: str = NEVER
    """Paths that are there before they are what they will be."""
    varies: str = NEVER
    """Paths that hold times or the machine."""
    overwrites: str = NEVER
    """Paths that it replaces."""
    leaves_out: str = NEVER
    """Paths that it goes on without if it cannot read them."""
    catches: bool = False
    """Whether a signal stops it in an orderly way."""
    weight: float = 1.0
    """How often it is chosen."""
    slow: bool = False
    """Whether `make torture` alone runs it."""

    def may_grow(self, path: str) -> bool:
        return re.search(self.grows, path) is not None or self.varies_in(path)

    def varies_in(self, path: str) -> bool:
        return re.search(self.varies, path) is not None

    def replaces(self, path: str) -> bool:
        return re.search(self.overwrites, path) is not None

    def may_leave_out(self, struck: str) -> bool:
        return struck.startswith("read ") and re.search(self.leaves_out, struck) is not None


MARKS = "--landmarks marks.json --labels labels --priors heatmap,parsing --size 16 --device cpu --workers 0"
PREPARE: dict[str, Any] = {
    "all_or_nothing": False,
    "leaves_out": " /(photos|labels)/",
    "varies": r"\.prepare/[a-z]+\.jsonl$",  # the order in which it was done: a photograph may be tried again
}
SPACE = "--layers 1 --fusion-layers 1 --warmup-epochs 0 --norm-batches 1 "
SPACE += "--population 2 --generations 1 --select-paths 1 --select-random 0"
RUN: dict[str, Any] = {
    "all_or_nothing": False,
    "catches": True,
    "grows": "(search|retrain|old)/",
    "varies": "environment.json|tensorboard/|checkpoints/|run.lock|ledger.json|report.html",
}
SMALL_SEARCH = {
    "layers": 1, "fusion_layers": 1, "norm_batches": 1, "population": 2, "generations": 0, "select_paths": 1,
    "select_random": 0,
}  # fmt: skip
CHECKPOINT = "e0001-b00000-s00000001-0123456789abcdef.safetensors"
OVER = f"retrain --data faces {TINY} --genotype small.json --overwrite --out results/old"
SELECT = "--population 2 --generations 1 --select-paths 1 --select-random 0 --device cpu"
SELECTION: dict[str, Any] = {
    "all_or_nothing": False,
    "catches": True,
    "varies": "run.lock|ledger.json|report.html",
    "weight": 0.5,
}
EVALUATE = "evaluate network.safetensors --data faces --degradation noise --device cpu"
DICTIONARY = "dictionary build faces --random-features --entries 1 --device cpu"

COMMANDS = {
    "prepare": Command(f"prepare photos results/set {MARKS}", grows="results/set/priors/", **PREPARE),
    "prepare with a dictionary": Command(
        "prepare photos results/new/set --landmarks marks.json --priors dictionary --dictionary d.safetensors "
        "--size 16 --device cpu --workers 0",
        slow=True,
        **PREPARE,
    ),
    "dictionary build": Command(f"{DICTIONARY} --out results/new/deep/d.safetensors"),
    "dictionary build beside": Command(f"{DICTIONARY} --out d2.safetensors", slow=True),
    "degrade": Command("degrade photos --out results/new/worse --degradation noise", slow=True),
    "degrade beside": Command("degrade photos --out results --degradation noise", weight=1.5),
    "evaluate": Command(f"{EVALUATE} --out results/new/deep/e --save-images", slow=True),
    "evaluate into": Command(f"{EVALUATE} --out results/empty --save-images", ("results/empty",), weight=1.5),
    "rank": Command("rank small.json other.json --supernet searched --device cpu --out results/new/rank", weight=0.5),
    "restore": Command("restore network.safetensors photos --out results/better --device cpu"),
    "restore into": Command(
        "restore network.safetensors photos --out results/empty --device cpu", ("results/empty",), weight=1.5
    ),
    "restore whole": Command(
        "restore network.safetensors photos --whole --least-side 16 --resume --batch-size 1 --device cpu "
        "--out results/new/album",
        all_or_nothing=False,
        varies=r"restoration\.jsonl?$",
    ),
    "export": Command("export network.safetensors --data faces --format safetensors --out results/new/exported"),
    "export onnx": Command("export network.safetensors --format onnx,pt2 --out results/new/exported", slow=True),
    "weights import": Command("weights import theirs.pth --genotype theirs.json --out results/new/w.safetensors"),
    "genotype random": Command("genotype random --seed 3 --out results/r.json"),
    "genotype cheapest": Command("genotype cheapest --layers 2 --out results/new/c.json", weight=0.5),
    "genotype random within": Command(
        "genotype random --layers 2 --max-gflops 100% --out results/within.json", weight=0.5, slow=True
    ),
    "genotype import": Command("genotype import arrays --out results/new/deep/g.json"),
    "genotype export": Command("genotype export small.json --out results/arrays"),
    "genotype draw": Command("genotype draw small.json --out results/g.svg", weight=0.5, slow=True),
    "genotype draw again": Command("genotype draw small.json --out results/new.gv", weight=0.5),
    "search": Command(f"search --data faces {TINY} {SPACE} --resume --out results/search", slow=True, **RUN),
    "select": Command(f"select searched {SELECT}", grows="searched/", overwrites="searched/genotype", **SELECTION),
    "select elsewhere": Command(
        f"select searched {SELECT} --out results/new/front",
        grows="searched/|results/new/front/",
        slow=True,
        **SELECTION,
    ),
    "retrain": Command(
        f"retrain --data faces {TINY} --genotype small.json --resume --out results/retrain", slow=True, **RUN
    ),
    "retrain over another": Command(OVER, overwrites="results/old/", slow=True, **RUN),
    "demo": Command("demo --faces 32 --priors heatmap,parsing --device cpu --out results/demo", slow=True, **RUN),
}


def write_world(folder: Path, run: Callable[[str], Ended]) -> None:
    """What the commands read, and files of others where they write."""
    write_drawn_faces(folder / "faces", 4, 16, seed=0)
    write_drawn_faces(folder / "drawn", 2, 32, seed=1)
    for place, name in (("images", "photos"), ("priors/parsing", "labels"), ("priors/landmarks.json", "marks.json")):
        (folder / "drawn" / place).rename(folder / name)
    shutil.rmtree(folder / "drawn")
    small = random_genotype(search_space((), width=2, layers=1, fusion_layers=1), 0)
    write_genotype(small, folder / "small.json")
    write_genotype(random_genotype(search_space((), width=2, layers=1, fusion_layers=1), 1), folder / "other.json")
    network = NetworkConfig(iterations=1, blocks=1, prior_channels={})
    torch.manual_seed(0)
    header = weights_header(small, network, {"size": 16})
    save_weights(folder / "network.safetensors", compile_genotype(small, network).state_dict(), **header)
    theirs = random_genotype(search_space(PUBLISHED_PRIORS, width=1, layers=1, fusion_layers=1), 0)
    write_genotype(theirs, folder / "theirs.json")
    torch.save(state_of(theirs, {"parsing": 19, "heatmap": 68, "dictionary": 4}), folder / "theirs.pth")
    for command in (
        "genotype export small.json --out arrays",
        f"{DICTIONARY} --out d.safetensors",
        f"search --data faces {TINY} {SPACE} --no-monotone --width 2 --out searched",
    ):
        ended = run(command)
        assert ended.status == 0, ended
    for name in (
        "config.yaml",
        "history.jsonl",
        "tensorboard/events.out.tfevents.1.a.2.3",
        f"checkpoints/{CHECKPOINT}",
    ):
        (folder / "results" / "old" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "results" / "old" / name).write_text("of a run")
    for name in ("theirs.txt", ".theirs", ".r.json.part", ".theirs.part", "theirs/.nested.txt", "theirs/theirs.png"):
        (folder / "results" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "results" / name).write_text(f"{name} is somebody else's")
    (folder / "results" / "link").symlink_to("../photos")


class OneFace:
    """Finds the same face everywhere."""

    one_core = True

    def detect(self, image: np.ndarray) -> list[detector.DetectedFace]:
        points = faces.draw_face(np.random.default_rng(0), 32).points
        return [detector.DetectedFace(points, 0.5, (0.0, 0.0, 31.0, 31.0))]

    def provenance(self) -> dict[str, str]:
        return {"model": "a stand-in"}


@contextmanager
def shrink() -> Iterator[None]:
    """Dictionaries whose features cost nothing, a demo of a few steps with roughly drawn faces, and a face that is
    found in the same place of every photograph."""
    read = configuration.read_preset

    def short(name: str, stage: str, strategy: str | None = None) -> dict[str, Any]:
        values = read(name, stage, strategy)
        quick = {"size": 16, "width": 1, "epochs": 2, "epoch_steps": 1, "batch_size": 2, "val_images": 2}
        quick["layout"] = "channels-last"  # equal bytes are compared
        return {**values, **quick, **(SMALL_SEARCH if stage == "search" else {})}

    with pytest.MonkeyPatch.context() as patch:
        cheaper_features(patch)
        patch.setattr(configuration, "read_preset", short)
        patch.setattr(faces, "CANVAS_PX", 32)
        patch.setattr(detector, "open_detector", lambda *_: OneFace())
        yield
