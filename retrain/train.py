"""Training a fixed network: every iteration's output is supervised, the best epoch's weights are kept.

Source: MFPSNet's training as published (Adam, halving schedule, L1 + 0.005 perceptual).
"""

from functools import partial, reduce
from operator import add
from typing import Any

import torch
from rich.console import Console
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from .. import __version__
from ..data.batch import FaceBatch
from ..data.given_pairs import GivenPairs
from ..engine.device import make_fabric
from ..engine.position import Position
from ..engine.run import Run
from ..engine.run_folder import check_run_folder, continued
from ..engine.update import checked_update
from ..engine.weights import save_weights
from ..errors import printable
from ..files.atomic_file import write_atomically
from ..genotypes.drawing.drawing import draw_genotype
from ..genotypes.genotype import Genotype
from ..genotypes.hand_made import HandMade
from ..inference.compile import weights_header
from ..inference.hand_made_network import hand_made_header
from ..inference.prior_runs import Model, run_with_priors
from ..networks.losses import restoration_loss
from ..priors.extractor import ExternalSources, PriorExtractor, found_channels
from ..priors.kinds import PRIOR_KINDS
from ..priors.landmarks.detector import chosen_detector
from ..training.face_inputs import face_inputs
from ..training.layer_rates import parameter_groups, set_rate
from ..training.norm_statistics import estimate_norms, norm_batches
from ..training.schedule import lr_factor
from ..training.session import Session
from ..training.training_data import training_data
from .config import RetrainConfig
from .inputs import training_inputs
from .perceptual import perceptual_network
from .start import genotype_to_train, network_to_train, start_files, take_on

NORM_BATCHES = 8
"""Batches from which the batch norms of a network are estimated that starts from a supernet's weights."""


def retrain(config: RetrainConfig, console: Console | None = None) -> Genotype | HandMade:
    """Train the fixed network of a genotype, or a hand-made one, and write it to the run folder `config.out`.

    `weights.safetensors` holds the weights of the epoch with the best validation PSNR of the last iteration.

    Args:
        config: everything about the training.
        console: where progress is shown; by default nowhere.

    Returns:
        The genotype that was trained, at the width it was trained at; or what the hand-made network is.

    Raises:
        MfpsError: an input cannot be used, which is found before the folder is made; or a number is not finite, and
            what was saved stays in the folder.
        RunStopped: a signal asked the run to stop; it was saved.
    """
    training = Training(config)
    with training.session.open_run(console, "retrain", training.parts, training.inputs) as run:
        training.write_genotype()
        present = training.genotype.present if isinstance(training.genotype, Genotype) else {}
        for branch in (name for name, branch in present.items() if branch.only_skips):
            run.say(
                f"note      every edge of the {branch} cell is a skip: its layers learn only how to resize and project "
                "features; if you didn't mean that, take another genotype"
            )
        while run.unfinished:
            with run.roll_back_nonfinite():
                training.train_epoch(run)
                training.finish_epoch(run)
    return training.genotype


class Training:
    """The parts of a fixed network's training, and what it does in an epoch.

    Args:
        config: everything about the training.

    Attributes:
        genotype: the architecture, at the width it is trained at; or what the hand-made network is.
        session: what it shares with a search.
        parts: everything that it changes: the network, its optimizer and the average of its weights, if there is one.
        inputs: what it is given, by content; see `engine.run_inputs`.

    Raises:
        MfpsError: an input cannot be used.
    """

    def __init__(self, config: RetrainConfig) -> None:
        config, start = take_on(continued(config))
        check_run_folder(config)
        fabric = make_fabric(config.device, config.devices, config.num_nodes)
        self.genotype = genotype_to_train(config, start)
        on_the_fly = config.priors_from != "clean" and bool(config.priors)
        if on_the_fly and any(PRIOR_KINDS[prior].needs_landmarks for prior in config.priors):
            landmarks_by = chosen_detector(config.landmarks_by, config.weights_dir, aligned=True)
            config = config.model_copy(update={"landmarks_by": landmarks_by})  # recorded, for a later `resume`
        train, val = training_data(config, stored_priors=not on_the_fly)
        channels = found_channels(config.priors, config.heatmap_rgb) if on_the_fly else train.prior_channels
        torch.manual_seed(config.seed)
        self._network = network_to_train(config, self.genotype, channels, start)
        network = perceptual_network(config)
        self._vgg = None if network is None else network.to(fabric.device)
        self._extract = None
        if on_the_fly:
            sources = ExternalSources(config.weights_dir, config.parser, config.dictionary, config.landmarks_by)
            self._extract = PriorExtractor(
                channels, sources, fabric.device, config.heatmap_rgb, dropped=config.drop_prior
            )
        self._config = config
        self.session = Session(config, fabric, train, val, self._network)
        self.session.settle(self._trial, always_alike=True)
        if config.from_supernet is not None:  # its statistics are those of all its architectures
            batches = map(self.session.on_device, norm_batches(train, NORM_BATCHES, config.seed))
            estimate_norms(self._network, self._restored, batches)
        self._oracle = self.session.oracle_note(config.priors_from)
        self._learning = dict(self._network.named_parameters())
        self._optimizer = _optimizer(config, self._network)
        self._average = None
        self.parts = {"network": self._network, "optimizer": self._optimizer}
        if config.ema:
            self._average = AveragedModel(self._network, multi_avg_fn=get_ema_multi_avg_fn(config.ema))
            self.parts["average"] = self._average
        starts, found_by = start_files(config), self._extract.provenance() if self._extract else {}
        self._started_from: dict[str, dict[str, Any]] = {
            field: {"name": start.name, "sha256": start.sha256} for field, start in starts.items()
        }
        if isinstance(train.degradation, GivenPairs):
            self._started_from["pairs"] = train.degradation.described(train.partners | val.partners)
        self.inputs = face_inputs(config, train, val) | training_inputs(config, self.genotype, starts, found_by)

    def write_genotype(self) -> None:
        """Write the genotype, if there is one, and its drawings into the run's folder."""
        if self.session.fabric.is_global_zero and isinstance(self.genotype, Genotype):
            write_atomically(self._config.out / "genotype.json", self.genotype.to_json())
            for suffix in ("svg", "png"):
                draw_genotype(self.genotype, self._config.out / f"genotype.{suffix}")

    def train_epoch(self, run: Run) -> None:
        """Run the remaining steps of this epoch."""
        config, epoch = self._config, run.position.epoch
        self._network.train()
        for (pieces,) in self.session.steps(run):
            step = run.position.step
            lr = config.lr * lr_factor(config.schedule, epoch, step, run.length.steps, config.halve_at)
            lr *= run.position.lr_scale
            set_rate(self._optimizer, lr)
            losses: dict[str, float] = {}
            with run.skip_nonfinite(self._network):
                losses = checked_update(
                    self.session.fabric, self._optimizer, self._learning, pieces, self._losses, step, config.clip_norm
                )
                if self._average is not None:
                    self._average.update_parameters(self._network)
            text = f"epoch {epoch + 1}/{config.epochs} loss {sum(losses.values()):.4f}"
            run.step_done(losses, text, lr=lr)

    def _restored(self, batch: FaceBatch) -> list[Tensor]:
        """Each iteration's output for a batch on the device."""
        return self.session.restore(partial(self._forward, self.session.as_executed(self._network)), batch)

    def _losses(self, piece: FaceBatch) -> dict[str, Tensor]:
        return self._run(piece)[1]

    def _run(self, piece: FaceBatch) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Each iteration's output, and the loss terms."""
        config, batch = self._config, self.session.on_device(piece)
        outputs = self._restored(batch)
        return outputs, restoration_loss(outputs, batch.clean, config.pixel, config.perceptual, self._vgg)

    def _trial(self, piece: FaceBatch) -> list[Tensor]:
        """What a step does with a piece, without an update."""
        outputs, terms = self._run(piece)
        reduce(add, terms.values()).backward()
        return outputs

    def _forward(self, network: Model, batch: FaceBatch) -> list[Tensor]:
        return run_with_priors(network, batch.degraded, batch.priors, self._config.priors_from, self._extract)

    def finish_epoch(self, run: Run) -> None:
        """Validate, save the weights if they are the best so far, and write the epoch's record."""
        config, position = self._config, run.position
        network = self._network if self._average is None else self._average.module
        psnr = self.session.validate(run, network, partial(self._forward, network))
        score = psnr.iterations[-1]
        record = {
            "epoch": position.epoch + 1,
            "step": position.step,
            "loss": position.mean_losses(),
            "psnr": {"input": psnr.input, "iterations": psnr.iterations},
            "best": run.improves(score),
            **self._oracle,
        }
        if record["best"] and self.session.fabric.is_global_zero:
            provenance = _provenance(config, self.genotype, position) | self._started_from
            described = weights_header if isinstance(self.genotype, Genotype) else hand_made_header
            header = described(self.genotype, self._network.config, provenance)  # pyright: ignore[reportArgumentType]
            save_weights(config.out / "weights.safetensors", network.state_dict(), **header)
        run.epoch_done(record, score)
        run.say(_epoch_line(record, config.epochs))


def _optimizer(config: RetrainConfig, network: torch.nn.Module) -> torch.optim.Optimizer:
    groups = parameter_groups(dict(network.named_parameters()), config.layer_rates, config.prior_rate)
    if config.solver == "sgd":
        return torch.optim.SGD(groups, config.lr, momentum=0.9, weight_decay=config.weight_decay, fused=True)
    return torch.optim.Adam(groups, config.lr, betas=(0.9, 0.99), weight_decay=config.weight_decay, fused=True)


def _provenance(config: RetrainConfig, genotype: Genotype | HandMade, position: Position) -> dict[str, Any]:
    return {
        "kind": "retrain",
        "mfps": __version__,
        "genotype": genotype.hash if isinstance(genotype, Genotype) else None,
        "data": printable(config.data.absolute().name),
        "size": config.size,
        "degradation": config.degradation,
        "priors": list(config.priors),
        "priors_from": config.priors_from,
        "dropped_priors": list(config.drop_prior),
        "prior_dropout": config.prior_dropout,
        "flip": config.flip,
        "heatmap_rgb": config.heatmap_rgb,
        "solver": config.solver,
        "seed": config.seed,
        "epoch": position.epoch + 1,
        "step": position.step,
    }


def _epoch_line(record: dict[str, Any], epochs: int) -> str:
    psnr = record["psnr"]
    restored = " > ".join(f"{value:.2f}" for value in psnr["iterations"])
    mark = " (best so far)" if record["best"] else ""
    oracle = " with oracle priors" if "oracle_priors" in record else ""
    return f"epoch {record['epoch']}/{epochs}: PSNR input {psnr['input']:.2f}, restored {restored} dB{oracle}{mark}"
