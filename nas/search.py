"""The search: first-order bilevel training of the supernet, and the genotype it ends with.

Weights learn from one half of the training faces, the architecture from the other; after a warm-up the two steps
alternate. Source: DARTS first order; hyperparameters as published (MFPSNet). Deviates: docs/deviations.md.
"""

from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch import Tensor, nn

from .. import __version__
from ..data.augmentation import Augmentation
from ..data.batch import FaceBatch
from ..data.loader import ended_workers, make_loader, make_training_loader, steps_of, training_steps
from ..data.sampling import BatchShare, split_halves
from ..data.training_data import training_data
from ..data.validation import ValidationPSNR, validation_psnr
from ..engine.device import make_fabric
from ..engine.processes import check_same, gather_parts, launch, own_part
from ..engine.run import Run, open_run
from ..engine.run_folder import check_run_folder
from ..engine.update import apply_update, backward
from ..engine.weights import save_weights
from ..errors import MfpsError, NotFiniteError, printable
from ..files.durable_file import write_durably
from ..genotypes.decode import BranchProbabilities, DecodedBranch
from ..genotypes.drawing.drawing import draw_genotype
from ..genotypes.genotype import Genotype
from ..genotypes.genotype_file import read_genotype
from ..networks.losses import restoration_loss
from ..networks.path import Mixture
from ..networks.synchronised_norm import synchronise_norms
from ..priors.provenance import oracle_priors, read_provenance
from .config import SearchConfig
from .derive import derive_genotype, entropies, margins, probabilities_to_json
from .search_network import SearchNetwork, build_search_network


def search(config: SearchConfig, console: Console) -> Genotype:
    """Search an architecture and leave it in the run folder `config.out`.

    After every epoch the folder holds that epoch's genotype, drawings and weights.

    Args:
        config: everything about the search.
        console: where progress is shown.

    Returns:
        The genotype of the last epoch.

    Raises:
        MfpsError: something given cannot be used, found before the folder is made; or a number is not finite, and
            what was saved stays in the folder.
        RunStopped: a signal asked for the end; the run is saved.
    """
    # 1. The data: two halves to learn from, and faces to validate on.
    check_run_folder(config)
    fabric = make_fabric(config.device, config.precision, config.devices, config.num_nodes)
    train, val = training_data(
        config.data,
        config.size,
        config.degradation,
        config.priors,
        train_list=config.list,
        val_list=config.val_list,
        val_images=config.val_images,
        seed=config.seed,
        heatmap_rgb=config.heatmap_rgb,
        augmentation=Augmentation(config.flip, config.prior_dropout),
        dropped=config.drop_prior,
        max_bad=config.max_bad_faces,
        max_megapixels=config.max_megapixels,
    )
    launch(fabric, config.deterministic)
    share = BatchShare(fabric.global_rank, fabric.world_size, config.accumulate)
    loaders = [
        make_training_loader(train, half, config.batch_size, config.seed + i, config.workers, share)
        for i, half in enumerate(split_halves(range(len(train)), config.seed))
    ]
    val_loader = make_loader(val, own_part(fabric, len(val)), config.batch_size, 0, shuffle=False, workers=0)
    epoch_steps = min(*map(steps_of, loaders), config.epoch_steps or steps_of(loaders[0]))
    total = _total_steps(config, epoch_steps)

    # 2. The supernet and its two optimizers.
    torch.manual_seed(config.seed)
    searched = build_search_network(config, train.prior_channels)
    network = searched.restorer
    if fabric.world_size > 1:
        synchronise_norms(network)
    even_flops = searched.expected_flops(config.size).detach()
    network.to(fabric.device, memory_format=torch.channels_last if config.channels_last else torch.preserve_format)  # pyright: ignore[reportCallIssue]
    levels = {"architecture": searched.architecture(), "weights": searched.weights()}
    oracle = list(oracle_priors(config.priors, "clean", read_provenance(config.data), config.drop_prior))
    rates = {"architecture": config.architecture_lr, "weights": config.weight_lr}
    optimizers = _optimizers(config, levels)

    def restore(batch: FaceBatch, mixtures: dict[str, Mixture] | None = None) -> list[Tensor]:
        """Each iteration's output, by the supernets' own mixtures or given ones."""
        with fabric.autocast():
            outputs = network(batch.degraded, batch.priors, mixtures=mixtures)
        return [output.float() for output in outputs]

    def losses(level: str, piece: FaceBatch) -> dict[str, Tensor]:
        batch = piece.to(fabric.device, channels_last=config.channels_last)
        terms = restoration_loss(restore(batch), batch.clean, config.loss)
        if config.cost_weight and level == "architecture":
            terms["cost"] = config.cost_weight * searched.expected_flops(config.size) / even_flops
        return terms

    def learn(level: str, pieces: tuple[FaceBatch, ...], step: int) -> float:
        """One update of one level, whose loss is returned; the other level's parameters get no gradient."""
        for name, parameters in levels.items():
            for parameter in parameters.values():
                parameter.requires_grad_(name == level)
        optimizers[level].zero_grad()
        terms = backward(fabric, pieces, partial(losses, level), step)
        names = tuple(name for piece in pieces for name in piece.names)
        clip_norm = config.clip_norm if level == "weights" else None
        apply_update(fabric, optimizers[level], levels[level], step, names, clip_norm)
        return sum(terms.values())

    def train_epoch(run: Run) -> None:
        """The steps of the running epoch that are left: an update of the architecture, then one of the weights."""
        epoch, done, step = run.position.epoch, run.position.batch, run.position.step
        for level, optimizer in optimizers.items():
            for group in optimizer.param_groups:
                group["lr"] = rates[level] * 0.5 ** (epoch // config.halve_every) * run.position.lr_scale
        left = max(min(epoch_steps, total - (step - done)) - done, 0)  # a resumed run may have fewer --max-steps
        network.train()
        both = zip(*(training_steps(loader, epoch, done) for loader in loaders), strict=False)
        for weight_pieces, architecture_pieces in islice(both, left):
            losses: dict[str, float] = {}
            for level, pieces in (("architecture", architecture_pieces), ("weights", weight_pieces)):
                run.note_bad_faces(dict(bad for piece in pieces for bad in piece.bad), len(train))
                if level == "weights" or epoch >= config.warmup_epochs:
                    with run.forgiving(network):
                        losses[level] = learn(level, pieces, run.position.step)
            left -= 1
            run.step_done(losses, f"epoch {epoch + 1}/{config.epochs} {_loss_text(losses)}", left == 0)

    def validate(run: Run, mixtures: dict[str, Mixture] | None) -> ValidationPSNR:
        """Mean PSNR of input and iterations, with the supernets' own mixtures or given ones."""

        def judged(batch: FaceBatch) -> list[Tensor]:
            run.stop_if_asked()
            return restore(batch.to(fabric.device, channels_last=config.channels_last), mixtures)

        network.eval()
        with torch.no_grad():
            return validation_psnr(judged, val_loader, partial(gather_parts, fabric, total=len(val)))

    def finish_epoch(run: Run) -> None:
        """Validate, decode, write down."""
        epoch, step = run.position.epoch, run.position.step
        probabilities = searched.probabilities()
        provenance = _provenance(config, epoch, step, searched)
        name = f"{provenance['data']}-seed{config.seed}"[:200]  # not the folder's: equal searches give equal bytes
        genotype, decoded = derive_genotype(searched.spaces, probabilities, searched.fixed, name, provenance)
        check_same(fabric, genotype.hash, "the genotype")
        mixed, restricted = validate(run, None), validate(run, searched.restrictions(genotype))
        record = {
            "epoch": epoch + 1,
            "step": step,
            "loss": run.position.mean_losses(),
            "lr": optimizers["weights"].param_groups[0]["lr"],
            "psnr": {"input": mixed.input, "mixed": mixed.iterations, "restricted": restricted.iterations},
            "discretisation_gap": mixed.iterations[-1] - restricted.iterations[-1],
            "expected_gflops": float(searched.expected_flops(config.size).detach()) / 1e9,
            **({"oracle_priors": oracle} if oracle else {}),
            **_decisions(searched, probabilities, decoded, genotype),
        }
        if fabric.is_global_zero:
            _write_genotype(config.out, genotype, probabilities)
            header = {**searched.header(), "provenance": genotype.provenance}
            save_weights(config.out / "weights.safetensors", network.state_dict(), **header)
        run.epoch_done(record, restricted.iterations[-1])
        run.console.print(_epoch_line(record, config.epochs), highlight=False, soft_wrap=True)

    # 3. The loop: train both levels for an epoch, then validate, decode, write down.
    parts = {"network": network, **{f"{level}_optimizer": optimizer for level, optimizer in optimizers.items()}}
    identity = (*train.names, "", *val.names, "", *(f"{name} {held!r}" for name, held in searched.fixed.items()))
    with (
        ended_workers(*loaders),
        open_run(config, fabric, console, "search", total, parts, *identity) as run,
    ):
        while run.goes_on(config.epochs, total):
            try:
                train_epoch(run)
                finish_epoch(run)
            except NotFiniteError as trouble:
                run.roll_back(trouble)
    return read_genotype(config.out)


def _optimizers(config: SearchConfig, levels: dict[str, dict[str, nn.Parameter]]) -> dict[str, torch.optim.Optimizer]:
    choices, weights = levels["architecture"].values(), levels["weights"].values()
    return {
        "architecture": torch.optim.Adam(
            choices, config.architecture_lr, weight_decay=config.architecture_weight_decay
        ),
        "weights": torch.optim.SGD(weights, config.weight_lr, config.weight_momentum, weight_decay=config.weight_decay),
    }


def _total_steps(config: SearchConfig, steps_an_epoch: int) -> int:
    total = min(config.epochs * steps_an_epoch, config.max_steps or config.epochs * steps_an_epoch)
    if total <= config.warmup_epochs * steps_an_epoch:
        raise MfpsError(
            f"the search ends after {total} steps, within its warm-up of {config.warmup_epochs} epochs of "
            f"{steps_an_epoch} steps: the architecture would not be trained; raise --max-steps or lower --warmup-epochs"
        )
    return total


def _provenance(config: SearchConfig, epoch: int, step: int, searched: SearchNetwork) -> dict[str, Any]:
    """What a genotype says of its search: enough to know it by, and nothing that differs between equal runs."""
    return {
        "kind": "search",
        "mfps": __version__,
        "data": printable(config.data.absolute().name),
        "size": config.size,
        "degradation": config.degradation,
        "mixing": config.mixing,
        "seed": config.seed,
        "epochs": epoch + 1,
        "steps": step,
        "fixed": sorted(searched.fixed),
    }


def _decisions(
    searched: SearchNetwork,
    probabilities: dict[str, BranchProbabilities],
    decoded: dict[str, DecodedBranch],
    genotype: Genotype,
) -> dict[str, Any]:
    """The part of an epoch's record that is about the architecture."""
    return {
        "entropy": {name: entropies(searched.spaces[name], branch) for name, branch in probabilities.items()},
        "margin": margins(decoded),
        "top_paths": {
            name: [{"score": round(path.score, 6), "path": list(path.path)} for path in branch.paths]
            for name, branch in decoded.items()
        },
        "hash": genotype.hash,
        "genotype": genotype.architecture,
        "probabilities": {name: probabilities_to_json(branch) for name, branch in probabilities.items()},
    }


def _write_genotype(folder: Path, genotype: Genotype, probabilities: dict[str, BranchProbabilities]) -> None:
    """The genotype and its drawings, the `supernet` ones with the transition probabilities."""
    write_durably(folder / "genotype.json", genotype.to_json())
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
