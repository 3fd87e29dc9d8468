"""Files that no command can use: data, lists, genotypes, configurations, weights. cases.py says what each is for."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from mfps.drawn.faces import write_drawn_faces
from mfps.engine.weights import load_weights, save_weights
from mfps.genotypes.formats.genotype_import import write_arrays
from mfps.genotypes.genotype_file import read_genotype, write_genotype
from mfps.genotypes.prior_branches import PUBLISHED_PRIORS
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.inference.compile import compile_genotype, weights_header
from mfps.nas.selection.config import SelectConfig
from mfps.nas.selection.stage import select_run
from mfps.networks.network_config import NetworkConfig
from safetensors.torch import save_file

from ..published_recipe import state_of

CORRUPT = 3
"""Number of the photograph whose header is intact and whose pixels are damaged."""


def write_bad_data(folder: Path) -> None:
    for name in ("empty", "texts", "empties", "bare/images", "blank", "fake", "stems", "folder.svg"):
        (folder / name).mkdir(parents=True)
    (folder / "note.txt").write_text("a note\n")
    (folder / "texts" / "note.txt").write_text("a note\n")
    (folder / "noise.bin").write_bytes(b"\xff\xfe\x00\x80noise" * 10)
    for name in ("other.onnx", "other.pt2"):
        (folder / name).write_bytes(b"\x08\x09network of another program" * 10)
    (folder / "blank" / "1.png").touch()
    (folder / "fake" / "1.png").write_text("no picture\n")
    photographs = sorted((folder / "faces" / "images").iterdir())
    for photograph in photographs:
        shutil.copy(photograph, folder / "bare" / "images")
    for suffix in (".png", ".PNG"):
        shutil.copy(photographs[0], folder / "stems" / f"1{suffix}")
    names = [photograph.name for photograph in photographs]
    lists = {
        "blank.txt": "# nothing\n\n",
        "gone.txt": f"{names[0]}\n9999.png\n",
        "escape.txt": "../secret.png\n",
        "twice.txt": f"{names[0]}\n{names[0]}\n",
        "three.txt": "\n".join(names[:3]),
        "empties/three.txt": "\n".join(names[:3]),
        "all.txt": "\n".join(names),
    }
    for name, text in lists.items():
        (folder / name).write_text(text)

    write_drawn_faces(folder / "partial", 6, 16, seed=1)
    (folder / "partial" / "priors" / "parsing" / "0002.png").unlink()
    marks = folder / "partial" / "priors" / "landmarks.json"
    content = json.loads(marks.read_text())
    del content["faces"]["0001.png"]
    marks.write_text(json.dumps(content))
    shutil.copytree(folder / "partial", folder / "badmarks")
    content["faces"]["0000.png"]["points"][0] = ["left", 3]
    (folder / "badmarks" / "priors" / "landmarks.json").write_text(json.dumps(content))

    write_drawn_faces(folder / "corrupt", 6, 16, seed=2)
    damaged = folder / "corrupt" / "images" / f"{CORRUPT:04d}.png"
    damaged.write_bytes(damaged.read_bytes()[:100])

    arrays = {
        "even": [np.zeros((4, 2, 2), np.float32)] * 6,
        "flat": [np.zeros((4, 4), np.float32)] * 6,
        "uneven": [np.zeros((4, 2, 2), np.float32)] * 5 + [np.zeros((3, 2, 2), np.float32)],
        "pickled": [np.array([{"a": 1}])] * 6,
    }
    for name, priors in arrays.items():
        shutil.copytree(folder / "partial" / "images", folder / name / "images")
        (folder / name / "priors" / "dictionary").mkdir(parents=True)
        for number, prior in enumerate(priors):
            np.save(folder / name / "priors" / "dictionary" / f"{number:04d}.npy", prior, allow_pickle=True)


def write_bad_genotypes(folder: Path) -> None:
    good = read_genotype("mfpsnet").to_json()

    def write(name: str, change: Callable[[dict], object]) -> None:
        data = json.loads(good)
        data["branches"] = {"upsample": data["branches"]["upsample"]}
        change(data["branches"]["upsample"])
        (folder / name).write_text(json.dumps(data))

    write("mfpsnet-upsample.json", lambda branch: branch)
    write("operation.json", lambda branch: branch["cell"][0].update(op="conv_9x9"))
    write("rate.json", lambda branch: branch["path"].__setitem__(1, 3))
    write("jump.json", lambda branch: branch.update(path=[1, 8]))
    write("key.json", lambda branch: branch.update(colour="red"))
    write("lacks.json", lambda branch: branch.pop("cell"))
    write("long.json", lambda branch: branch.update({"k" * 190: 1}))
    (folder / "newer.json").write_text(good.replace("mfps.genotype/1", "mfps.genotype/3"))
    (folder / "list.json").write_text("[1]")
    for name, line in (("cutoff", '{"epoch": 1, "prob'), ("strange", '{"epoch": 1, "probabilities": {"upsample": 3}}')):
        (folder / name).mkdir()
        (folder / name / "history.jsonl").write_text(line + "\n")


def write_bad_fronts(folder: Path) -> None:
    """A search with a front; one whose front and measurements were edited; one that was stopped."""
    shutil.copytree(folder / "searched", folder / "fronted")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        select_run(SelectConfig(run=Path("fronted"), generations=0, select_paths=1, select_random=2, device="cpu"))
    for name in ("edited", "unfinished"):
        shutil.copytree(folder / "fronted", folder / name)
    (folder / "edited" / "front.json").write_text(
        (folder / "fronted" / "front.json").read_text().replace("psnr", "PSNR", 1)
    )
    lines = (folder / "fronted" / "evaluations.jsonl").read_text().splitlines()
    lines[1] = lines[1].replace('"psnr": ', '"psnr": 1')
    (folder / "edited" / "evaluations.jsonl").write_text("\n".join(lines) + "\n")
    config = folder / "unfinished" / "config.yaml"
    config.write_text(config.read_text().replace("epochs: 1\n", "epochs: 3\n").replace("max_steps: 1\n", ""))


def write_bad_configs(folder: Path) -> None:
    configs = {
        "broken": "width: 1\nheight: [1, 2\n",
        "list": "- 1\n- 2\n",
        "key": "widht: 3\n",
        "strange": "zzzzz: 3\n",
        "type": "blocks: many\n",
        "priors": "priors: 3\n",
        "numbers": "priors: [3]\n",
        "fix": "fix: 3\n",
        "operation": "operations: [conv_9x9]\n",
        "nothing": "operations: []\n",
        "twice": "operations: [skip, skip]\n",
        "diverging": "weight_lr: 1.0e+38\n",
    }
    for name, text in configs.items():
        (folder / f"{name}.yaml").write_text(text)


def write_bad_weights(folder: Path) -> None:
    trained = load_weights(folder / "trained")
    save_weights(folder / "lacking.safetensors", dict(list(trained.state.items())[1:]), **trained.header)
    save_file({"a": torch.zeros(1)}, folder / "foreign.safetensors")
    for prior, channels in (("parsing", 19), ("dictionary", 5)):
        write_network(folder / f"{prior}.safetensors", prior, channels)


class Code:
    """Unpickled the usual way, this would make a folder."""

    def __reduce__(self):
        return os.mkdir, ("made",)


def write_bad_published(folder: Path) -> None:
    """Checkpoints, arrays and texts of other code bases."""
    genotype = random_genotype(search_space(PUBLISHED_PRIORS, width=1, layers=1, fusion_layers=1), 0)
    write_genotype(genotype, folder / "theirs.json")
    state = state_of(genotype, {"parsing": 19, "heatmap": 68, "dictionary": 4})
    torch.save(state, folder / "theirs.pth")
    torch.save({**state, "code": Code()}, folder / "code.pth")
    for name, dtype in (("half", torch.float16), ("double", torch.float64)):
        torch.save(
            {key: t.to(dtype) if t.is_floating_point() else t for key, t in state.items()}, folder / f"{name}.pth"
        )
    (folder / "cut.pth").write_bytes((folder / "theirs.pth").read_bytes()[:-2000])
    (folder / "page.pth").write_text("<!DOCTYPE html><title>Sign in</title>")

    (folder / "arrays").mkdir()
    write_arrays(read_genotype("mfpsnet"), folder / "arrays")
    for name in ("rank", "unknown", "pickles"):
        shutil.copytree(folder / "arrays" / "upsample", folder / name)
    np.save(folder / "rank" / "net_path.npy", [[2, 1, 1, 1, 0, 1]])
    np.save(folder / "unknown" / "cell_structure.npy", [[0, 4], [1, 0], [2, 2], [3, 0], [7, 1], [8, 3]])
    np.save(folder / "pickles" / "net_path.npy", np.array([{"a": 1}]), allow_pickle=True)
    pairs = "('skip', 0), ('skip', 1), ('skip', 0), ('skip', 1), ('skip', 0), ('skip', 1)"
    (folder / "darts.txt").write_text(f"Genotype(normal=[{pairs}])")
    (folder / "code.txt").write_text("Genotype(normal=__import__('os').mkdir('made'))")


def write_network(file: Path, prior: str, channels: int) -> None:
    """A weights file of an untrained network that takes one prior."""
    genotype = random_genotype(search_space([prior], width=1, layers=1, fusion_layers=1), 0)
    config = NetworkConfig(iterations=2, blocks=1, prior_channels={prior: channels})
    network = compile_genotype(genotype, config)
    save_weights(file, network.state_dict(), **weights_header(genotype, config, {"size": 16}))
