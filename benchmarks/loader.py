"""Faces per second of the loader, with degradation and all three priors, and how that depends on the data set's size.

    python benchmarks/loader.py OUT --size 128 --workers 2

Draws 100 faces into OUT, makes sets of 100, 1,000 and 10,000 hard links to them, and reads them; then times one
training step of the published network on the same batches. The dictionary is random: time does not depend on its
content.
"""

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np
import torch
from mfps.data.dataset import FaceFolder
from mfps.data.loader import make_loader
from mfps.drawn.faces import write_drawn_faces
from mfps.genotypes.genotype_file import read_genotype
from mfps.inference.compile import compile_genotype
from mfps.networks.losses import restoration_loss
from mfps.networks.network_config import NetworkConfig
from mfps.priors.dictionary.component_boxes import PARTS, component_boxes
from mfps.priors.dictionary.dictionary_file import CHANNELS, PATCH_SIDES, FacialDictionary, write_dictionary
from mfps.priors.dictionary.prior_file import DICTIONARY_FILE, PRIOR_FILE, write_dictionary_prior
from mfps.priors.landmarks.landmark_file import read_landmarks, write_landmarks

PRIORS = ("parsing", "heatmap", "dictionary")
DRAWN, ENTRIES = 100, 128


def make_sets(out: Path, size: int, counts: list[int]) -> list[Path]:
    """Folders of `counts` faces, hard links to the same drawn ones: symbolic links may not leave a data folder."""
    drawn = out / "drawn"
    write_drawn_faces(drawn, DRAWN, size, seed=0)
    landmarks = read_landmarks(drawn / "priors" / "landmarks.json")
    rng = np.random.default_rng(0)
    centres = {
        part: torch.from_numpy(rng.random((ENTRIES, CHANNELS, side, side), np.float32)).half()
        for part, side in PATCH_SIDES.items()
    }
    dictionary = out / DICTIONARY_FILE
    write_dictionary(dictionary, FacialDictionary(centres, ENTRIES, 0, "random numbers", "0" * 64))
    folders = []
    for count in counts:
        folder = out / f"faces{count}"
        (folder / "images").mkdir(parents=True)
        (folder / "priors" / "parsing").mkdir(parents=True)
        (folder / "priors" / DICTIONARY_FILE).hardlink_to(dictionary)
        points, entries = {}, {}
        for number in range(count):
            name, original = f"{number:05d}.png", f"{number % DRAWN:04d}.png"
            (folder / "images" / name).hardlink_to(drawn / "images" / original)
            (folder / "priors" / "parsing" / name).hardlink_to(drawn / "priors" / "parsing" / original)
            found = np.array(landmarks.faces[original].points)
            points[name] = ((size, size), found)
            entries[name] = (component_boxes(found, "ibug68", size), rng.integers(0, ENTRIES, len(PARTS)))
        write_landmarks(folder / "priors" / "landmarks.json", "ibug68", points)
        write_dictionary_prior(folder / "priors" / PRIOR_FILE, dictionary, size, entries)
        folders.append(folder)
    return folders


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    for name, default in (("size", 128), ("workers", 2), ("batch-size", 8), ("read", 400)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--counts", type=int, nargs="+", default=[100, 1000, 10_000])
    given = parser.parse_args()
    folders = make_sets(given.out, given.size, given.counts)
    print("| faces | bytes of priors per face | s to open | faces/s | peak MB |\n|---|---|---|---|---|")
    speeds = []
    for folder, count in zip(folders, given.counts, strict=True):
        began = time.perf_counter()
        faces = FaceFolder(folder, given.size, "full", None, PRIORS)
        opened = time.perf_counter() - began
        loader = make_loader(faces, None, given.batch_size, 0, True, given.workers)
        seen, began = 0, time.perf_counter()
        for batch in loader:
            seen += len(batch.names)
            if seen >= given.read:
                break
        speeds.append(seen / (time.perf_counter() - began))
        stored = sum(path.stat().st_size for path in (folder / "priors" / "parsing").iterdir())
        stored += sum((folder / "priors" / name).stat().st_size for name in ("landmarks.json", PRIOR_FILE))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"| {count} | {stored / count:.0f} | {opened:.2f} | {speeds[-1]:.1f} | {peak:.0f} |", flush=True)

    faces = FaceFolder(folders[0], given.size, "full", None, PRIORS)
    network = compile_genotype(read_genotype("mfpsnet"), NetworkConfig(prior_channels=faces.prior_channels))
    network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters())
    batch = next(iter(make_loader(faces, range(given.batch_size), given.batch_size, 0, False, 0)))
    step = 0.0
    for _ in range(2):  # the first one warms up
        began = time.perf_counter()
        terms = restoration_loss(network(batch.degraded, batch.priors), batch.clean, "l1")
        loss = torch.stack(list(terms.values())).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step = given.batch_size / (time.perf_counter() - began)
    ratio = min(speeds) / step
    print(json.dumps({"training step, faces/s": round(step, 2), "slowest loader over training step": round(ratio, 1)}))


if __name__ == "__main__":
    main()
