"""The search: first-order bilevel training of the supernet, and the genotype it ends with.

Weights learn from one half of the training faces, the architecture from the other; after a warm-up the two steps
alternate. Source: DARTS first order; hyperparameters as published (MFPSNet). Deviates: docs/deviations.md.
"""

from itertools import islice
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch import Tensor, nn

from .. import __version__
from ..engine.device import make_fabric
from ..engine.journal import Journal
from ..engine.progress import track
from ..engine.run_folder import check_free, open_run, replace_text
from ..engine.weights import save_weights
from ..errors import MfpsError
from ..faces.augmentation import Augmentation
from ..faces.batch import FaceBatch
from ..faces.dataset import make_loader, split_halves
from ..faces.training_data import training_data
from ..faces.validation import validation_psnr
from ..genotypes.decode import BranchProbabilities, DecodedBranch
from ..genotypes.drawing import draw_genotype
from ..genotypes.genotype import Genotype
from ..networks.losses import finite_total, restoration_loss
from ..networks.path import Mixture
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
        MfpsError: something given cannot be used, found before the folder is made; or a loss is not finite, and
        finished
            epochs stay in the folder.
    """
    # 1. The data: two halves to learn from, and faces to validate on.
    check_free(config.out)
    fabric = make_fabric(config.device, config.precision)
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
    )
    loaders = [
        make_loader(
            train, half, config.batch_size, config.seed + i, shuffle=True, workers=config.workers, drop_last=True
        )
        for i, half in enumerate(split_halves(range(len(train)), config.seed))
    ]
    val_loader = make_loader(val, None, config.batch_size, 0, shuffle=False, workers=0)
    epoch_steps = min(*(len(loader) for loader in loaders), config.epoch_steps or len(loaders[0]))
    total = _total_steps(config, epoch_steps)

    # 2. The supernet and its two optimizers.
    torch.manual_seed(config.seed)
    searched = build_search_network(config, train.prior_channels)
    weights, architecture = searched.weights(), searched.architecture()
    even_flops = searched.expected_flops(config.size).detach()
    if config.channels_last:
        searched.restorer.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    model, weight_optimizer, architecture_optimizer = fabric.setup(
        searched.restorer,
        torch.optim.SGD(weights, config.weight_lr, config.weight_momentum, weight_decay=config.weight_decay),
        torch.optim.Adam(architecture, config.architecture_lr, weight_decay=config.architecture_weight_decay),
    )

    def learn(
        batch: FaceBatch, optimizer: Any, learning: list[nn.Parameter], others: list[nn.Parameter], step: int
    ) -> float:
        """One update of one level; the other level's parameters get no gradient."""
        for parameter in others:
            parameter.requires_grad_(False)
        for parameter in learning:
            parameter.requires_grad_(True)
        batch = batch.to(fabric.device, channels_last=config.channels_last)
        terms = restoration_loss(model(batch.degraded, batch.priors), batch.clean, config.loss)
        if config.cost_weight and learning is architecture:
            terms["cost"] = config.cost_weight * searched.expected_flops(config.size) / even_flops
        loss = finite_total(terms, step, batch.names)
        optimizer.zero_grad()
        fabric.backward(loss)
        if config.clip_norm and learning is weights:
            fabric.clip_gradients(model, optimizer, max_norm=config.clip_norm)
        optimizer.step()
        return float(loss.detach())

    def validate(mixtures: dict[str, Mixture] | None) -> tuple[float, list[float]]:
        """Mean PSNR of input and iterations, with the supernets' own mixtures or given ones."""

        def restore(batch: FaceBatch) -> list[Tensor]:
            batch = batch.to(fabric.device, channels_last=config.channels_last)
            return model(batch.degraded, batch.priors, mixtures=mixtures)

        model.eval()
        with torch.no_grad():
            return validation_psnr(restore, val_loader)

    # 3. The loop: train both levels for an epoch, then validate, decode, write down.
    folder = open_run(config.out, config)
    step = 0
    genotype = None
    with Journal(folder) as journal, track("search", total, console) as tick:
        for epoch in range(config.epochs):
            decay = 0.5 ** (epoch // config.halve_every)
            _set_lr(weight_optimizer, config.weight_lr * decay)
            _set_lr(architecture_optimizer, config.architecture_lr * decay)
            for loader in loaders:
                loader.sampler.set_epoch(epoch)  # pyright: ignore[reportAttributeAccessIssue]
            model.train()
            losses: dict[str, list[float]] = {"weights": [], "architecture": []}
            for weight_batch, architecture_batch in islice(zip(*loaders, strict=False), min(epoch_steps, total - step)):
                if epoch >= config.warmup_epochs:
                    loss = learn(architecture_batch, architecture_optimizer, architecture, weights, step)
                    losses["architecture"].append(loss)
                losses["weights"].append(learn(weight_batch, weight_optimizer, weights, architecture, step))
                step += 1
                journal.step(step, **{f"loss/{level}": values[-1] for level, values in losses.items() if values})
                tick(f"epoch {epoch + 1}/{config.epochs} loss {losses['weights'][-1]:.4f}")

            probabilities = searched.probabilities()
            genotype, decoded = derive_genotype(
                searched.spaces, probabilities, searched.fixed, folder.name, _provenance(config, epoch, step, searched)
            )
            input_psnr, mixed = validate(None)
            _, restricted = validate(searched.restrictions(genotype))
            record = {
                "epoch": epoch + 1,
                "step": step,
                "loss": {level: sum(values) / len(values) for level, values in losses.items() if values},
                "lr": config.weight_lr * decay,
                "psnr": {"input": input_psnr, "mixed": mixed, "restricted": restricted},
                "discretisation_gap": mixed[-1] - restricted[-1],
                "expected_gflops": float(searched.expected_flops(config.size).detach()) / 1e9,
                **_decisions(searched, probabilities, decoded, genotype),
            }
            _write_genotype(folder, genotype, probabilities)
            save_weights(
                folder / "weights.safetensors",
                searched.restorer.state_dict(),
                **searched.header(),
                provenance=genotype.provenance,
            )
            journal.epoch(record, step)
            console.print(_epoch_line(record, config.epochs), highlight=False, soft_wrap=True)
            if step == total:
                break
    if genotype is None:
        raise AssertionError("a search has at least one epoch")
    return genotype


def _total_steps(config: SearchConfig, steps_an_epoch: int) -> int:
    total = min(config.epochs * steps_an_epoch, config.max_steps or config.epochs * steps_an_epoch)
    if total <= config.warmup_epochs * steps_an_epoch:
        raise MfpsError(
            f"the search ends after {total} steps, within its warm-up of {config.warmup_epochs} epochs of "
            f"{steps_an_epoch} steps: the architecture would not be trained; raise --max-steps or lower --warmup-epochs"
        )
    return total


def _set_lr(optimizer: Any, lr: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = lr


def _provenance(config: SearchConfig, epoch: int, step: int, searched: SearchNetwork) -> dict[str, Any]:
    """What a genotype says of its search: enough to know it by, and nothing that differs between equal runs."""
    return {
        "kind": "search",
        "mfps": __version__,
        "data": config.data.name,
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
    replace_text(folder / "genotype.json", genotype.to_json())
    for suffix in ("svg", "png"):
        draw_genotype(genotype, folder / f"genotype.{suffix}")
        draw_genotype(genotype, folder / f"supernet.{suffix}", probabilities)


def _epoch_line(record: dict[str, Any], epochs: int) -> str:
    psnr = record["psnr"]
    return (
        f"epoch {record['epoch']}/{epochs}: PSNR input {psnr['input']:.2f}, mixed {psnr['mixed'][-1]:.2f}, "
        f"restricted {psnr['restricted'][-1]:.2f} dB; loss {record['loss']['weights']:.4f}; "
        f"genotype {record['hash'][:8]}"
    )
