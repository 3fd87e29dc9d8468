"""Whether supernets rank: genotypes at even distances in cost, trained alone alike, and scored by each supernet.

    OMP_NUM_THREADS=1 python benchmarks/ranking.py --data FACES --out ranking --count 12

Everything is below --out, and what is finished is not run again: `genotypes/`, `alone/` (run folders), `evaluated/`,
`searched/ARM`, `ranked/ARM`. FACES has the lists train.txt, val.txt and test.txt; the networks alone are
judged on test.txt. Prints one table: the rank correlations with their intervals, FLOPs and parameters as rivals.
"""

import argparse
import io
import json
from pathlib import Path
from typing import Any

import torch
from mfps.engine.configuration import resolve
from mfps.files.config_model import fill
from mfps.files.history import read_history
from mfps.genotypes.genotype_file import write_genotype
from mfps.genotypes.sampling import random_genotype
from mfps.inference.config import EvaluateConfig
from mfps.inference.cost_report import genotype_costs
from mfps.inference.evaluate import evaluate
from mfps.nas.config import SearchConfig
from mfps.nas.ranking.config import RankConfig
from mfps.nas.ranking.rank import rank
from mfps.nas.search import train_supernet
from mfps.nas.search_network import configured_space
from mfps.retrain.config import RetrainConfig
from mfps.retrain.train import retrain
from rich.console import Console

HERE = Path(__file__).parent
DRAWN = 300
"""Random genotypes, of which those at even distances in the order of FLOPs are taken, the first and the last too."""

PLAIN = {"warmup_epochs": 0, "hold_trunk": False}
HELD = {"warmup_epochs": 8, "hold_trunk": True}
MIXED = {"strategy": "mixed", "epochs": 6, "epoch_steps": 25, "warmup_epochs": 1}

ARMS: dict[str, dict[str, Any]] = {
    "single-path": {"strategy": "single-path", **HELD},
    "gumbel": {"strategy": "gumbel", **HELD, "epochs": 22, "warmup_epochs": 12},
    "mixed": MIXED,
    "mixed, scaled edges": {**MIXED, "scale_edges": True},
    "single-path, plain": {"strategy": "single-path", **PLAIN},
    "gumbel, plain": {"strategy": "gumbel", "epochs": 14, **PLAIN},
}
"""What each supernet's search sets besides the file of --search, so that all take about the same minutes of one core.
The plain ones neither warm up on one architecture nor hold the layers around the branches afterwards."""

COLUMNS = ("ordered by", "tau", "Spearman", "tau of the cheapest third", "middle", "dearest", "regret (dB)")


def main() -> None:
    """Run what is asked for and not there yet; print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--arms", nargs="*", default=list(ARMS), help=f"any of {', '.join(map(repr, ARMS))}")
    parser.add_argument("--seed", type=int, default=0, help="of the genotypes; the trainings' is in their files")
    parser.add_argument("--search", type=Path, default=HERE / "ranking_search.yaml")
    parser.add_argument("--retrain", type=Path, default=HERE / "ranking_retrain.yaml")
    given = parser.parse_args()
    torch.set_num_threads(1)
    genotypes = drawn(given)
    for file in genotypes:
        train_alone(given, file)
    reports = {arm: ranked(given, arm, genotypes) for arm in given.arms}
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for arm, report in reports.items():
        print(row(report, "supernet", arm))
    for report in list(reports.values())[:1]:  # the rivals are the same for all
        print(row(report, "FLOPs", "FLOPs"))
        print(row(report, "parameters", "parameters"))


def common(given: argparse.Namespace, out: Path) -> dict[str, Any]:
    """What both stages are given."""
    lists = {"list": given.data / "train.txt", "val_list": given.data / "val.txt"}
    return {"data": given.data, "out": out, "resume": True, "device": "cpu", **lists}


def folder_of(arm: str) -> str:
    """The name of an arm's folder."""
    return arm.replace(",", "").replace(" ", "-")


def finished(run: Path, epochs: int) -> bool:
    """Whether a run has ended."""
    return (run / "history.jsonl").exists() and len(read_history(run)) >= epochs


def drawn(given: argparse.Namespace) -> list[Path]:
    """The genotypes' files, cheapest first."""
    files = [given.out / "genotypes" / f"{number:02d}.json" for number in range(given.count)]
    if all(file.is_file() for file in files):
        return files
    config = resolve(SearchConfig, None, given.search, {"data": given.data, "out": given.out})
    space = configured_space(config)
    pool = [random_genotype(space, given.seed * DRAWN + number) for number in range(DRAWN)]
    flops = [genotype_costs(one, config.size, config.passes, config.blocks)["total"].flops for one in pool]
    order = sorted(range(DRAWN), key=lambda number: flops[number])
    for number, file in enumerate(files):
        if not file.is_file():
            write_genotype(pool[order[round(number * (DRAWN - 1) / max(given.count - 1, 1))]], file)
    return files


def train_alone(given: argparse.Namespace, genotype: Path) -> None:
    """Train and evaluate one genotype's own network."""
    run, out = given.out / "alone" / genotype.stem, given.out / "evaluated" / genotype.stem
    config = resolve(RetrainConfig, None, given.retrain, {**common(given, run), "genotype": str(genotype)})
    if not finished(run, config.epochs):
        print(f"training {run}", flush=True)
        retrain(config, Console(file=io.StringIO()))
    if not (out / "evaluation.json").is_file():
        values = {"weights": run, "data": given.data, "list": given.data / "test.txt", "out": out, "device": "cpu"}
        evaluate(fill(EvaluateConfig, {**values, "degradation": config.degradation, "metrics": "psnr,ssim"}))


def ranked(given: argparse.Namespace, arm: str, genotypes: list[Path]) -> dict[str, Any]:
    """Train an arm's supernet, and rank the genotypes on it."""
    name = folder_of(arm)
    run, out = given.out / "searched" / name, given.out / "ranked" / name
    config = resolve(SearchConfig, None, given.search, {**common(given, run), **ARMS[arm]})
    if not finished(run, config.epochs):
        print(f"training {run}", flush=True)
        train_supernet(config, Console(file=io.StringIO()))
    if not (out / "ranking.json").is_file():
        values = {"genotype": list(map(str, genotypes)), "supernet": run, "out": out, "device": "cpu"}
        rank(fill(RankConfig, {**values, "against": [given.out / "evaluated" / file.stem for file in genotypes]}))
    return json.loads((out / "ranking.json").read_text())


def row(report: dict[str, Any], predictor: str, name: str) -> str:
    """A line of the table."""
    judged = [row for row in report["against"]["agreement"] if row["predictor"] == predictor]
    everyone, *thirds = judged
    cells = [name, estimate(everyone, "tau"), estimate(everyone, "spearman")]
    cells += [estimate(third, "tau") for third in thirds] or [""] * 3
    cells += [f"{choice['regret']:.3f}" for choice in report["against"]["choice"] if choice["predictor"] == predictor]
    return f"| {' | '.join(cells)} |"


def estimate(row: dict[str, Any], what: str) -> str:
    """A number with its interval."""
    if row[what] is None:
        return "none"
    low, high = row[f"{what}_interval"]
    return f"{row[what]:.2f} [{low:.2f}, {high:.2f}]"


if __name__ == "__main__":
    main()
