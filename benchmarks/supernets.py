"""What the supernets of benchmarks/ranking.py are worth, and how far the networks in them are from those trained alone.

    OMP_NUM_THREADS=1 python benchmarks/supernets.py --data FACES --out ranking --derived single-path gumbel mixed

For each arm that was trained below --out: the mean over the genotypes of `ranking` of what the branch is worth, and how
much their scores differ, on the faces that select. For the arms of --derived also the genotype that selection derives:
its PSNR on test.txt in the supernet, with stored, re-estimated and batch statistics, and of its own network, trained
alone for as many steps as the supernet. Finished parts are not run again.
"""

import argparse
import io
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ranking
import torch
from mfps.data.batch import FaceBatch
from mfps.data.dataset import FaceFolder
from mfps.data.loader import make_loader
from mfps.engine.configuration import resolve
from mfps.engine.weights import load_weights
from mfps.genotypes.genotype import Genotype
from mfps.genotypes.genotype_file import read_genotype
from mfps.inference.compile import compile_genotype, load_network, slice_supernet
from mfps.nas.epoch_scores import without_features
from mfps.nas.open_search import open_search
from mfps.nas.selection.config import SelectConfig
from mfps.nas.selection.stage import select_run
from mfps.networks.restorer import Restorer
from mfps.retrain.config import RetrainConfig
from mfps.retrain.train import retrain
from mfps.training.norm_statistics import batch_norms_of_the_batch, estimate_norms, norm_batches
from mfps.training.training_data import training_data
from mfps.training.validation import validation_psnr
from rich.console import Console

HEAD = "| supernet | steps | worth (dB) | spread of scores | derived | stored | re-estimated | batch | alone |"


def main() -> None:
    """Measure what is asked for and not there yet; print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--arms", nargs="*", default=list(ranking.ARMS))
    parser.add_argument("--derived", nargs="*", default=[])
    parser.add_argument("--retrain", type=Path, default=ranking.HERE / "ranking_retrain.yaml")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{HEAD}\n|{'---|' * (HEAD.count('|') - 1)}")
    for arm in given.arms:
        print(row(given, arm), flush=True)


def row(given: argparse.Namespace, arm: str) -> str:
    """An arm's line of the table; what is not there yet is made."""
    name = ranking.folder_of(arm)
    run, file = given.out / "searched" / name, given.out / "worth" / f"{name}.json"
    steps = json.loads((run / "history.jsonl").read_text().splitlines()[-1])["step"]
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(worth_of(run, [read_genotype(one) for one in ranking.drawn(given)])))
    scores = json.loads(file.read_text())
    worth = statistics.mean(a - b for a, b in zip(scores["with"], scores["without"], strict=True))
    cells: list[Any] = [arm, steps, f"{worth:+.3f}", f"{statistics.pstdev(scores['with']):.3f}"]
    if arm in given.derived:
        cells += [f"{value:.2f}" if isinstance(value, float) else value for value in derived(given, run, name, steps)]
    return f"| {' | '.join(map(str, cells))} |"


def worth_of(run: Path, genotypes: Sequence[Genotype]) -> dict[str, list[float]]:
    """Each genotype's PSNR on a supernet, with the branch's features and with zeros in their place."""
    judge = (opened := open_search(run, "cpu")).judge
    scores = [judge.psnr(genotype) for genotype in genotypes]
    (path,) = opened.searched.supernets.values()
    return {"with": scores, "without": [zeroed(judge, path, genotype) for genotype in genotypes]}


def zeroed(judge: Any, path: torch.nn.Module, genotype: Genotype) -> float:
    """A genotype's PSNR without the branch's features."""
    with without_features(path):
        return judge.psnr(genotype)


@torch.no_grad()
def derived(given: argparse.Namespace, run: Path, name: str, steps: int) -> tuple[str, float, float, float, float]:
    """The selected genotype's hash, and its PSNR on test.txt: stored, re-estimated, batch, and trained alone."""
    select_run(SelectConfig(run=run, device="cpu"), Console(file=io.StringIO()))
    genotype, opened = read_genotype(run), open_search(run, "cpu")
    config = opened.config
    faces = FaceFolder(given.data, config.size, config.degradation, given.data / "test.txt")
    batches = list(make_loader(faces, None, 8, 0, shuffle=False, workers=0))
    network = compile_genotype(genotype, opened.searched.restorer.config).eval()
    slice_supernet(network, load_weights(run).state, str(run))
    stored = psnr(network, batches)
    with batch_norms_of_the_batch(network):
        batch = psnr(network, batches)
    estimate_norms(network, lambda faces: network(faces.degraded), norm_batches(training_data(config)[0], 8, 0))
    return genotype.hash[:8], stored, psnr(network, batches), batch, psnr(alone(given, run, name, steps), batches)


def psnr(network: Restorer, batches: Sequence[FaceBatch]) -> float:
    """The mean PSNR of a network."""
    return validation_psnr(lambda faces: network(faces.degraded), batches).iterations[-1]


def alone(given: argparse.Namespace, genotype: Path, name: str, steps: int) -> Restorer:
    """The genotype's own network, trained for as many steps as its supernet."""
    values = ranking.common(given, given.out / "derived" / name) | {"genotype": str(genotype)}
    of_epoch = resolve(RetrainConfig, None, given.retrain, values).epoch_steps or steps
    values |= {"epochs": -(-steps // of_epoch), "max_steps": steps}
    with torch.enable_grad():
        retrain(resolve(RetrainConfig, None, given.retrain, values), Console(file=io.StringIO()))
    return load_network(values["out"]).restorer


if __name__ == "__main__":
    main()
