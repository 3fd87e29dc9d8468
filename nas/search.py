"""The search: first-order bilevel training of the supernet, which ends with a genotype.

The weights learn from one half of the training faces, the architecture from the other; after a warm-up, the two
alternate. Source: DARTS first order; hyperparameters as published (MFPSNet). Deviates: docs/deviations.md.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch import Tensor, nn

from .. import __version__
from ..data.batch import FaceBatch
from ..data.sampling import split_halves
from ..engine.device import make_fabric
from ..engine.position import Length, Position
from ..engine.processes import check_same
from ..engine.run import Run
from ..engine.run_folder import check_run_folder
from ..engine.run_inputs import RunInput
from ..engine.update import checked_update
from ..engine.weights import save_weights
from ..errors import MfpsError, printable
from ..files.atomic_file import write_atomically
from ..files.hashes import sha256_of_texts
from ..genotypes.decode import BranchProbabilities
from ..genotypes.drawing.drawing import draw_genotype
from ..genotypes.genotype import Genotype
from ..genotypes.genotype_file import read_genotype
from ..networks.losses import restoration_loss
from ..networks.path import Mixture
from ..training.face_inputs import face_inputs
from ..training.session import Pieces, Session
from ..training.training_data import training_data
from .config import SearchConfig
from .derive import decisions, derive_genotype
from .search_network import SearchNetwork, build_search_network
from .strategies import STRATEGIES


def search(config: SearchConfig, console: Console | None = None) -> Genotype:
    """Search for an architecture and write it to the run folder `config.out`.

    After every epoch the folder holds that epoch's genotype, drawings and weights.

    Args:
        config: everything about the search.
        console: where progress is shown; by default nowhere.

    Returns:
        The genotype of the last epoch.

    Raises:
        MfpsError: an input cannot be used, which is found before the folder is made; or a number is not finite, and
            what was saved stays in the folder.
        RunStopped: a signal asked the run to stop; it was saved.
    """
    searching = Search(config)
    with searching.session.open_run(console, "search", searching.parts, searching.inputs) as run:
        while run.unfinished:
            with run.roll_back_nonfinite():
                searching.train_epoch(run)
                searching.finish_epoch(run)
    return read_genotype(config.out)


class Search:
    """The parts of a search, and what it does in an epoch.

    Args:
        config: everything about the search.

    Attributes:
        session: what it shares with the training of a fixed network.
        parts: everything that it changes: the network and an optimizer for each level.
        inputs: what it is given, by content; see `engine.run_inputs`.

    Raises:
        MfpsError: an input cannot be used.
    """

    def __init__(self, config: SearchConfig) -> None:
        check_run_folder(config)
        fabric = make_fabric(config.device, config.precision, config.devices, config.num_nodes)
        train, val = training_data(config)
        torch.manual_seed(config.seed)
        self._searched = build_search_network(config, train.prior_channels)
        self._network = self._searched.restorer
        self._even_flops = self._searched.expected_flops(config.size).detach()
        halves = split_halves(range(len(train)), config.seed)  # the first for the weights
        self._config = config
        self.session = Session(config, fabric, train, val, self._network, halves)
        _check_warm_up(config, self.session.length)
        self._strategy = STRATEGIES[config.strategy]
        self._oracle = self.session.oracle_note()
        self._levels = {"architecture": self._searched.architecture(), "weights": self._searched.weights()}
        self._rates = {"architecture": config.architecture_lr, "weights": config.weight_lr}
        self._optimizers = _optimizers(config, self._levels)
        self.parts = {"network": self._network} | {f"{name}_optimizer": o for name, o in self._optimizers.items()}
        self.inputs = face_inputs(config, train, val) | {
            f"fix {name}": RunInput(
                "fix", f"{name}={config.fix[name]}", f"a branch of SHA-256 {sha256_of_texts(held.model_dump_json())}"
            )
            for name, held in self._searched.fixed.items()
        }

    def train_epoch(self, run: Run) -> None:
        """Run the remaining steps of this epoch: in each, an update of the architecture, then one of the weights."""
        config, epoch = self._config, run.position.epoch
        for level, optimizer in self._optimizers.items():
            for group in optimizer.param_groups:
                group["lr"] = self._rates[level] * 0.5 ** (epoch // config.halve_every) * run.position.lr_scale
        self._network.train()
        for weight_pieces, architecture_pieces in self.session.steps(run):
            losses: dict[str, float] = {}
            if epoch >= config.warmup_epochs:
                with run.skip_nonfinite(self._network):
                    losses["architecture"] = self._learn("architecture", architecture_pieces, run.position)
            with run.skip_nonfinite(self._network):
                losses["weights"] = self._learn("weights", weight_pieces, run.position)
            run.step_done(losses, f"epoch {epoch + 1}/{config.epochs} {_loss_text(losses)}")

    def _learn(self, level: str, pieces: Pieces, position: Position) -> float:
        """Update one level and return its loss; the other level's parameters get no gradient."""
        for name, parameters in self._levels.items():
            for parameter in parameters.values():
                parameter.requires_grad_(name == level)
        terms = checked_update(
            self.session.fabric,
            self._optimizers[level],
            self._levels[level],
            pieces,
            partial(self._losses, level, position),
            position.step,
            self._config.clip_norm if level == "weights" else None,
        )
        return sum(terms.values())

    def _losses(self, level: str, position: Position, piece: FaceBatch) -> dict[str, Tensor]:
        config, batch = self._config, self.session.on_device(piece)
        mixtures = self._strategy(self._searched, position)
        outputs = self.session.restore(partial(self._forward, mixtures), batch)
        terms = restoration_loss(outputs, batch.clean, config.loss)
        if config.cost_weight and level == "architecture":
            terms["cost"] = config.cost_weight * self._searched.expected_flops(config.size) / self._even_flops
        return terms

    def _forward(self, mixtures: Mapping[str, Mixture], batch: FaceBatch) -> list[Tensor]:
        return self._network(batch.degraded, batch.priors, mixtures=mixtures)

    def finish_epoch(self, run: Run) -> None:
        """Validate, decode, and write the epoch's files and record."""
        config, searched, step = self._config, self._searched, run.position.step
        probabilities = searched.probabilities()
        provenance = _provenance(config, run.position, searched)
        name = f"{provenance['data']}-seed{config.seed}"[:200]  # not the folder's: equal searches give equal bytes
        genotype, decoded = derive_genotype(searched.spaces, probabilities, searched.fixed, name, provenance)
        check_same(self.session.fabric, genotype.hash, "the genotype")
        mixed, restricted = (
            self.session.validate(run, self._network, partial(self._forward, mixtures))
            for mixtures in ({}, searched.restrictions(genotype))
        )
        record = {
            "epoch": run.position.epoch + 1,
            "step": step,
            "loss": run.position.mean_losses(),
            "lr": self._optimizers["weights"].param_groups[0]["lr"],
            "psnr": {"input": mixed.input, "mixed": mixed.iterations, "restricted": restricted.iterations},
            "discretisation_gap": mixed.iterations[-1] - restricted.iterations[-1],
            "expected_gflops": float(searched.expected_flops(config.size).detach()) / 1e9,
            **self._oracle,
            **decisions(searched.entropies(), probabilities, decoded, genotype),
        }
        if self.session.fabric.is_global_zero:
            _write_genotype(config.out, genotype, probabilities)
            header = {**searched.header(), "provenance": genotype.provenance}
            save_weights(config.out / "weights.safetensors", self._network.state_dict(), **header)
        run.epoch_done(record, restricted.iterations[-1])
        run.say(_epoch_line(record, config.epochs))


def _optimizers(config: SearchConfig, levels: dict[str, dict[str, nn.Parameter]]) -> dict[str, torch.optim.Optimizer]:
    choices, weights = levels["architecture"].values(), levels["weights"].values()
    return {
        "architecture": torch.optim.Adam(
            choices, config.architecture_lr, weight_decay=config.architecture_weight_decay
        ),
        "weights": torch.optim.SGD(weights, config.weight_lr, config.weight_momentum, weight_decay=config.weight_decay),
    }


def _check_warm_up(config: SearchConfig, length: Length) -> None:
    if length.steps <= config.warmup_epochs * length.epoch_steps:
        raise MfpsError(
            f"the search ends after {length.steps} steps, within its warm-up of {config.warmup_epochs} epochs of "
            f"{length.epoch_steps} steps: the architecture would not be trained; raise `max_steps` or lower "
            "`warmup_epochs`"
        )


def _provenance(config: SearchConfig, position: Position, searched: SearchNetwork) -> dict[str, Any]:
    """What a genotype says about its search: enough to identify it, and nothing that differs between equal runs."""
    return {
        "kind": "search",
        "mfps": __version__,
        "data": printable(config.data.absolute().name),
        "size": config.size,
        "degradation": config.degradation,
        "mixing": config.mixing,
        "seed": config.seed,
        "epochs": position.epoch + 1,
        "steps": position.step,
        "fixed": sorted(searched.fixed),
    }


def _write_genotype(folder: Path, genotype: Genotype, probabilities: dict[str, BranchProbabilities]) -> None:
    """Write the genotype and its drawings; the `supernet` ones show the transition probabilities."""
    write_atomically(folder / "genotype.json", genotype.to_json())
    for suffix in ("svg", "png"):
        draw_genotype(genotype, folder / f"genotype.{suffix}")
        draw_genotype(genotype, folder / f"supernet.{suffix}", probabilities)


def _epoch_line(record: dict[str, Any], epochs: int) -> str:
    psnr = record["psnr"]
    oracle = " with oracle priors" if "oracle_priors" in record else ""
    return (
        f"epoch {record['epoch']}/{epochs}: PSNR input {psnr['input']:.2f}, mixed {psnr['mixed'][-1]:.2f}, "
        f"restricted {psnr['restricted'][-1]:.2f} dB{oracle}; {_loss_text(record['loss'])}; "
        f"genotype {record['hash'][:8]}"
    )


def _loss_text(losses: dict[str, float]) -> str:
    return f"loss {losses['weights']:.4f}" if "weights" in losses else "no loss"
