"""The training of a supernet by a strategy, bilevel if the strategy decides.

If the strategy decides, the weights learn from one half of the training faces and the architecture from the other;
after a warm-up, the two alternate. Source: DARTS first order; hyperparameters as published (MFPSNet).
Deviates: docs/deviations.md.
"""

from functools import partial, reduce
from operator import add
from typing import Any

import torch
from torch import Tensor

from ..data.batch import FaceBatch
from ..data.sampling import split_halves
from ..engine.device import make_fabric
from ..engine.position import Length
from ..engine.processes import check_same, largest
from ..engine.run import Run
from ..engine.run_folder import check_run_folder, continued
from ..engine.training_state import Parts
from ..engine.update import checked_update
from ..engine.weights import save_weights
from ..errors import MfpsError
from ..files.history import read_history
from ..networks.losses import restoration_loss
from ..networks.path import Active
from ..training.layer_rates import rate_of, set_rate
from ..training.norm_statistics import norm_batches
from ..training.session import Pieces, Session
from .budget import resolve_budget
from .config import SearchConfig
from .coverage import Coverage
from .derive import decisions, derive_genotype
from .epoch_record import epoch_line, loss_text, search_provenance
from .epoch_scores import epoch_scores
from .health import health, settled
from .ledger import Ledger, read_ledger
from .memory_check import check_memory
from .optimizers import search_optimizers
from .search_faces import search_faces, search_inputs
from .search_files import write_decoded
from .search_network import build_search_network
from .steps import DrawnPiece, draws_of_step, is_warming_up, rate_factor
from .strategies import STRATEGIES
from .strategies.strategy import Draw, Level


class SupernetTraining:
    """The parts of a search, and what it does in an epoch.

    Args:
        config: everything about the search.

    Attributes:
        network: what is trained.
        memory: what it needs, as estimated before anything was made.
        session: what it shares with the training of a fixed network.
        parts: everything that it changes: the network, an optimizer for each level, and the coverage.
        inputs: what it is given, by content; see `engine.run_inputs`.

    Raises:
        MfpsError: an input cannot be used.
    """

    def __init__(self, config: SearchConfig) -> None:
        config = continued(config)
        check_run_folder(config)
        if not config.overwrite:
            read_ledger(config.out)
        fabric = make_fabric(config.device, config.devices, config.num_nodes)
        faces = search_faces(config)
        train, val, select = faces
        # The other processes share a machine's memory with the first, which may hold its network by now.
        free = None if fabric.local_rank == 0 else {}
        self.memory = check_memory(config, train.prior_channels, fabric.device, free)
        torch.manual_seed(config.seed)
        self._config, self._strategy = config, STRATEGIES[config.strategy]
        self._searched = build_search_network(config, train.prior_channels)
        self.network = self._searched.restorer
        resolve_budget(self._searched.costs(config.size, config.latency), **config.limits)
        self._even_flops = self._searched.expected_flops(config.size).detach()
        groups: dict[Level, tuple[int, ...] | None] = {"weights": None}
        if self._strategy.decides:
            groups["weights"], groups["architecture"] = split_halves(range(len(train)), config.seed)
        self._order: list[Level] = list(groups)
        self.session = Session(config, fabric, train, val, self.network, list(groups.values()))
        _check_warm_up(config, self.session.length)
        self._norm_batches = norm_batches(train, config.norm_batches, config.seed)
        self._judging_faces = {"select": list(select.names), "norms": list(self._norm_batches.names)}
        self._oracle = self.session.oracle_note()
        self._levels = {"architecture": self._searched.architecture(), "weights": self._searched.weights()}
        passes = self.network.passes
        of_paths = {parameter for name in self._searched.supernets for parameter in passes[name].parameters()}
        self._trunk = set(self._levels["weights"].values()) - of_paths
        self.session.settle(self._trial)
        self._rates = {"architecture": config.architecture_lr, "weights": config.weight_lr}
        self._optimizers = search_optimizers(config, self._levels)
        self._coverage = Coverage({name: path.space for name, path in self._searched.supernets.items()})
        self.parts: Parts = {
            "network": self.network,
            **{f"{name}_optimizer": optimizer for name, optimizer in self._optimizers.items()},
            **({"coverage": self._coverage} if self._strategy.samples else {}),
        }
        self.inputs = search_inputs(config, faces, self._searched.fixed)

    def train_epoch(self, run: Run, ledger: Ledger) -> None:
        """Run the remaining steps of this epoch: in each, an update of the weights, before it one of the architecture.

        Args:
            run: the run.
            ledger: counts the steps.
        """
        config, epoch = self._config, run.position.epoch
        self.network.train()
        if config.hold_trunk and not is_warming_up(config, run.position):
            for name in self._searched.fixed:  # its statistics are held as well
                self.network.passes[name].eval()
        for batches in self.session.steps(run):
            factor = rate_factor(config, self._strategy, run.position, run.length) * run.position.lr_scale
            for level, optimizer in self._optimizers.items():
                set_rate(optimizer, self._rates[level] * factor)
            losses: dict[str, float] = {}
            for level, pieces in reversed(list(zip(self._order, batches, strict=True))):
                if level == "architecture" and is_warming_up(config, run.position):
                    continue
                with run.skip_nonfinite(self.network):
                    losses[level] = self._learn(level, pieces, run)
            ledger.count(steps=1)
            run.step_done(losses, f"epoch {epoch + 1}/{config.epochs} {loss_text(losses)}")

    def _learn(self, level: Level, pieces: Pieces, run: Run) -> float:
        """Update one level and return its loss; the other level's parameters get no gradient."""
        config, warming = self._config, is_warming_up(self._config, run.position)
        self._let_learn(level, held=level == "weights" and config.hold_trunk and not warming)
        draws = draws_of_step(config, self._strategy, level, run.position, run.length)
        counted = level == "weights" and not warming
        ran = [self._strategy.active(self._searched, draw) for draw in draws] if counted else []
        terms = checked_update(
            self.session.fabric,
            self._optimizers[level],
            self._levels[level],
            [DrawnPiece(piece, draw) for piece in pieces for draw in draws],
            self._losses,
            run.position.step,
            config.clip_norm if level == "weights" else None,
        )
        for active in ran:
            self._coverage.count(active.mixtures)
        return sum(terms.values())

    def _let_learn(self, level: Level, held: bool) -> None:
        """Switch gradients on for one level alone, without those of the trunk if that is held."""
        for name, parameters in self._levels.items():
            for parameter in parameters.values():
                parameter.requires_grad_(name == level and not (held and parameter in self._trunk))

    def _trial(self, piece: FaceBatch) -> list[Tensor]:
        """What a step after the warm-up does with a piece and one draw, without an update."""
        outputs: list[Tensor] = []
        for level in reversed(self._order):
            self._let_learn(level, held=level == "weights" and self._config.hold_trunk)
            draw = Draw(self._config.seed, level, 0, self._config.temperature)
            outputs, terms = self._run(DrawnPiece(piece, draw))
            loss = reduce(add, terms.values())
            if loss.requires_grad:
                loss.backward()
        return outputs

    def _losses(self, drawn: DrawnPiece) -> dict[str, Tensor]:
        return self._run(drawn)[1]

    def _run(self, drawn: DrawnPiece) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Each iteration's output, and the loss terms."""
        config, batch = self._config, self.session.on_device(drawn.faces)
        active = self._strategy.active(self._searched, drawn.draw)
        outputs = self.session.restore(partial(self._forward, active), batch)
        terms = restoration_loss(outputs, batch.clean, config.loss)
        if config.cost_weight and drawn.draw.level == "architecture":
            terms["cost"] = config.cost_weight * self._searched.expected_flops(config.size) / self._even_flops
        return outputs, terms

    def _forward(self, active: Active, batch: FaceBatch) -> list[Tensor]:
        return self.network(batch.degraded, batch.priors, **active._asdict())

    def finish_epoch(self, run: Run) -> None:
        """Validate, decode, and write the epoch's files and record."""
        config, searched, decides = self._config, self._searched, self._strategy.decides
        probabilities = searched.probabilities()
        provenance = search_provenance(config, run.position, searched)
        name = f"{provenance['data']}-seed{config.seed}"[:200]  # not the folder's: equal searches give equal bytes
        genotype, decoded = derive_genotype(
            searched.spaces, probabilities, searched.fixed, name, provenance, searched.whole
        )
        check_same(self.session.fabric, genotype.hash, "the genotype")
        scores = epoch_scores(
            self.session,
            run,
            searched,
            self._forward,
            searched.restricted(genotype),
            self._norm_batches,
            mixed=not self._strategy.samples,
        )
        record = {
            "epoch": run.position.epoch + 1,
            "step": run.position.step,
            "loss": run.position.mean_losses(),
            "lr": rate_of(self._optimizers["weights"]),
            **scores,
            **({"coverage": self._coverage.record()} if self._strategy.samples else {}),
            **self._oracle,
            "hash": genotype.hash,
            "genotype": genotype.architecture,
        }
        if decides:
            record["expected_gflops"] = float(searched.expected_flops(config.size).detach()) / 1e9
            record |= decisions(searched.entropies(), probabilities, decoded)
        if self.session.fabric.is_global_zero:
            if decides:
                write_decoded(config.out, genotype, probabilities)
            header = {**searched.header(), "faces": self._judging_faces, "provenance": genotype.provenance}
            save_weights(config.out / "weights.safetensors", self.network.state_dict(), **header)
        last = next(reversed(self._history()), None)
        record |= health(record, last, decides=decides, epochs=config.epochs, warmup_epochs=config.warmup_epochs)
        run.epoch_done(record, scores["psnr"]["reestimated"][-1])
        run.say(epoch_line(record, config.epochs))

    def is_settled(self) -> bool:
        """Whether the genotype has not changed for as many epochs as `stop_when_settled` says."""
        config = self._config
        found = config.stop_when_settled and settled(self._history(), config.stop_when_settled, config.warmup_epochs)
        return bool(largest(self.session.fabric, int(bool(found)))[0])

    def _history(self) -> list[dict[str, Any]]:
        """The records so far; empty in all processes except the first, which keeps them."""
        file = self._config.out / "history.jsonl"
        return read_history(self._config.out) if self.session.fabric.is_global_zero and file.exists() else []


def _check_warm_up(config: SearchConfig, length: Length) -> None:
    if length.steps <= config.warmup_epochs * length.epoch_steps:
        raise MfpsError(
            f"the search ends after {length.steps} steps, within its warm-up of {config.warmup_epochs} epochs of "
            f"{length.epoch_steps} steps: no architecture would be searched; raise `max_steps` or lower "
            "`warmup_epochs`"
        )
