"""Training a fixed network: every iteration's output is supervised, the best epoch's weights are kept.

Source: MFPSNet's training as published (Adam, halving schedule, L1 + 0.005 perceptual).
"""

from itertools import islice
from typing import Any

import torch
from rich.console import Console
from torch import Tensor

from .. import __version__
from ..engine.device import make_fabric
from ..engine.journal import Journal
from ..engine.progress import track
from ..engine.run_folder import check_free, open_run, replace_text
from ..engine.weights import load_weights, save_weights
from ..faces.augmentation import Augmentation
from ..faces.batch import FaceBatch
from ..faces.dataset import make_loader
from ..faces.training_data import training_data
from ..faces.validation import validation_psnr
from ..genotypes.drawing import draw_genotype
from ..genotypes.genotype import Genotype
from ..genotypes.genotype_file import read_genotype
from ..networks.losses import finite_total, restoration_loss
from ..networks.restorer import NetworkConfig
from ..networks.vgg19 import load_vgg19
from ..priors.extractor import ExternalSources, PriorExtractor
from .compile import compile_genotype, slice_supernet, weights_header
from .config import RetrainConfig
from .prior_runs import run_with_priors
from .schedule import lr_factor


def retrain(config: RetrainConfig, console: Console) -> Genotype:
    """Train the fixed network of a genotype and leave it in the run folder `config.out`.

    `weights.safetensors` holds the weights of the epoch with the best validation PSNR of the last iteration.

    Args:
        config: everything about the training.
        console: where progress is shown.

    Returns:
        The genotype that was trained, at the width it was trained at.

    Raises:
        MfpsError: something given cannot be used, found before the folder is made; or a loss is not finite, and the
        best
            epoch so far stays in the folder.
    """
    # 1. Data, network, loss.
    check_free(config.out)
    fabric = make_fabric(config.device, config.precision)
    genotype = read_genotype(config.genotype)
    if config.width is not None and config.width != genotype.branches.upsample.width:
        genotype = genotype.with_width(config.width)
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
    loader = make_loader(
        train, None, config.batch_size, config.seed, shuffle=True, workers=config.workers, drop_last=True
    )
    val_loader = make_loader(val, None, config.batch_size, 0, shuffle=False, workers=0)
    torch.manual_seed(config.seed)
    network_config = NetworkConfig(
        iterations=config.passes, blocks=config.blocks, prior_channels=train.prior_channels, attention=config.attention
    )
    network = compile_genotype(genotype, network_config)
    if config.from_supernet is not None:
        slice_supernet(network, load_weights(config.from_supernet).state, str(config.from_supernet))
    vgg = load_vgg19(config.vgg19).to(fabric.device) if config.perceptual > 0 else None
    if config.channels_last:
        network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    model, optimizer = fabric.setup(network, _optimizer(config, network))
    epoch_steps = min(len(loader), config.epoch_steps or len(loader))
    total = min(config.epochs * epoch_steps, config.max_steps or config.epochs * epoch_steps)

    extract = None
    if config.priors_from != "clean" and config.priors:
        sources = ExternalSources(config.weights_dir, config.parser, config.dictionary)
        extract = PriorExtractor(
            train.prior_channels, sources, fabric.device, config.heatmap_rgb, dropped=config.drop_prior
        )

    def restore(batch: FaceBatch) -> list[Tensor]:
        batch = batch.to(fabric.device, channels_last=config.channels_last)
        return run_with_priors(model, batch.degraded, batch.priors, config.priors_from, extract)

    # 2. The loop: train for an epoch, then validate, keep the best, write down.
    folder = open_run(config.out, config)
    replace_text(folder / "genotype.json", genotype.to_json())
    for suffix in ("svg", "png"):
        draw_genotype(genotype, folder / f"genotype.{suffix}")
    step, best = 0, float("-inf")
    with Journal(folder) as journal, track("retrain", total, console) as tick:
        for epoch in range(config.epochs):
            loader.sampler.set_epoch(epoch)  # pyright: ignore[reportAttributeAccessIssue]
            model.train()
            losses: dict[str, list[float]] = {}
            for batch in islice(loader, min(epoch_steps, total - step)):
                lr = config.lr * lr_factor(config.schedule, epoch, step, total, config.halve_at)
                for group in optimizer.param_groups:
                    group["lr"] = lr
                batch = batch.to(fabric.device, channels_last=config.channels_last)
                outputs = run_with_priors(model, batch.degraded, batch.priors, config.priors_from, extract)
                terms = restoration_loss(outputs, batch.clean, config.pixel, config.perceptual, vgg)
                loss = finite_total(terms, step, batch.names)
                optimizer.zero_grad()
                fabric.backward(loss)
                if config.clip_norm:
                    fabric.clip_gradients(model, optimizer, max_norm=config.clip_norm)
                optimizer.step()
                step += 1
                for name, value in terms.items():
                    losses.setdefault(name, []).append(float(value.detach()))
                journal.step(step, lr=lr, **{f"loss/{name}": values[-1] for name, values in losses.items()})
                tick(f"epoch {epoch + 1}/{config.epochs} loss {float(loss.detach()):.4f}")

            model.eval()
            with torch.no_grad():
                psnr = validation_psnr(restore, val_loader)
            record = {
                "epoch": epoch + 1,
                "step": step,
                "loss": {name: sum(values) / len(values) for name, values in losses.items()},
                "psnr": {"input": psnr.input, "iterations": psnr.iterations},
                "best": psnr.iterations[-1] > best,
            }
            if record["best"]:
                best = psnr.iterations[-1]
                header = weights_header(genotype, network_config, _provenance(config, genotype, epoch, step))
                save_weights(folder / "weights.safetensors", network.state_dict(), **header)
            journal.epoch(record, step)
            console.print(_epoch_line(record, config.epochs), highlight=False, soft_wrap=True)
            if step == total:
                break
    return genotype


def _optimizer(config: RetrainConfig, network: torch.nn.Module) -> torch.optim.Optimizer:
    if config.solver == "sgd":
        return torch.optim.SGD(network.parameters(), config.lr, momentum=0.9, weight_decay=config.weight_decay)
    return torch.optim.Adam(network.parameters(), config.lr, betas=(0.9, 0.99), weight_decay=config.weight_decay)


def _provenance(config: RetrainConfig, genotype: Genotype, epoch: int, step: int) -> dict[str, Any]:
    return {
        "kind": "retrain",
        "mfps": __version__,
        "genotype": genotype.hash,
        "data": config.data.name,
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
        "epoch": epoch + 1,
        "step": step,
    }


def _epoch_line(record: dict[str, Any], epochs: int) -> str:
    psnr = record["psnr"]
    restored = " > ".join(f"{value:.2f}" for value in psnr["iterations"])
    mark = " (best so far)" if record["best"] else ""
    return f"epoch {record['epoch']}/{epochs}: PSNR input {psnr['input']:.2f}, restored {restored} dB{mark}"
