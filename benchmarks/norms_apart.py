"""Batch norms that all iterations share, against norms of each iteration's own: equal steps, seed by seed.

    python benchmarks/norms_apart.py --config benchmarks/norms_apart.yaml --data hq128/images --list train.txt \
        --val-list val.txt --seeds 0 1 --out norms_apart

In the published network all iterations share all layers: the upsample branch's norms see the degraded face in iteration
0 and a restored one after it, and take one set of statistics for both. Every second training has `shared_norms: false`.
The network is the published FRSNet: MFPSNet's upsample branch.
"""

import argparse
import json
from pathlib import Path

import yaml
from mfps.files.atomic_file import write_atomically
from mfps.genotypes.genotype import Genotype
from mfps.genotypes.genotype_file import read_genotype
from mfps.retrain.config import RetrainConfig
from mfps.retrain.train import retrain


def trained(config: RetrainConfig) -> list[float]:
    """Train, and return the validation PSNR of each iteration after the last epoch."""
    retrain(config)
    last = (config.out / "history.jsonl").read_text(encoding="utf-8").splitlines()[-1]
    return json.loads(last)["psnr"]["iterations"]


def main() -> None:
    """Train seed by seed with both, print what each reaches, and write it to `norms_apart.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True, help="options of mfps retrain")
    for name in ("data", "list", "val-list", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    arguments = parser.parse_args()
    options = yaml.safe_load(arguments.config.read_text(encoding="utf-8"))
    published = read_genotype("mfpsnet").branches.upsample
    genotype = arguments.out / "frsnet.json"
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_atomically(genotype, Genotype.of({"upsample": published}, None, "frsnet").to_json())
    found: dict[str, dict[int, list[float]]] = {"shared": {}, "apart": {}}
    for seed in arguments.seeds:
        for name, reached in found.items():
            config = RetrainConfig(
                **options,
                genotype=genotype,
                data=arguments.data,
                list=arguments.list,
                val_list=arguments.val_list,
                out=arguments.out / f"{name}-{seed}",
                seed=seed,
                shared_norms=name == "shared",
                resume=True,
            )
            reached[seed] = trained(config)
            shown = " > ".join(f"{value:.3f}" for value in reached[seed])
            print(f"{name:6}  seed {seed}  {shown} dB", flush=True)
    write_atomically(arguments.out / "norms_apart.json", json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
