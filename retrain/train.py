"""Training a fixed network: every iteration's output is supervised, the best epoch's weights are kept.

Source: MFPSNet's training as published (Adam, halving schedule, L1 + 0.005 perceptual).
"""

from functools import partial
from itertools import islice
from typing import Any

import torch
from rich.console import Console
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from .. import __version__
from ..data.augmentation import Augmentation
from ..data.batch import FaceBatch
from ..data.loader import ended_workers, make_loader, make_training_loader, steps_of, training_steps
from ..data.sampling import BatchShare
from ..data.training_data import training_data
from ..data.validation import validation_psnr
from ..engine.device import make_fabric
from ..engine.processes import gather_parts, launch, own_part
from ..engine.run import Run, open_run
from ..engine.run_folder import check_run_folder
from ..engine.update import apply_update, backward
from ..engine.weights import load_weights, save_weights
from ..errors import NotFiniteError, printable
from ..files.durable_file import write_durably
from ..genotypes.drawing.drawing import draw_genotype
from ..genotypes.genotype import Genotype
from ..genotypes.genotype_file import read_genotype
from ..inference.compile import compile_genotype, slice_supernet, weights_header
from ..inference.prior_runs import run_with_priors
from ..networks.losses import restoration_loss
from ..networks.restorer import NetworkConfig
from ..networks.synchronised_norm import synchronise_norms
from ..networks.vgg19 import load_vgg19
from ..priors.extractor import ExternalSources, PriorExtractor, found_channels
from ..priors.provenance import oracle_priors, read_provenance
from .config import RetrainConfig
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
        MfpsError: something given cannot be used, found before the folder is made; or a number is not finite, and
            what was saved stays in the folder.
        RunStopped: a signal asked for the end; the run is saved.
    """
    # 1. Data, network, loss.
    check_run_folder(config)
    fabric = make_fabric(config.device, config.precision, config.devices, config.num_nodes)
    genotype = read_genotype(config.genotype)
    if config.width is not None and config.width != genotype.branches.upsample.width:
        genotype = genotype.with_width(config.width)
    on_the_fly = config.priors_from != "clean" and bool(config.priors)
    train, val = training_data(
        config.data,
        config.size,
        config.degradation,
        () if on_the_fly else config.priors,
        train_list=config.list,
        val_list=config.val_list,
        val_images=config.val_images,
        seed=config.seed,
        heatmap_rgb=config.heatmap_rgb,
        augmentation=Augmentation(config.flip, config.prior_dropout),
        dropped=() if on_the_fly else config.drop_prior,
        max_bad=config.max_bad_faces,
        max_megapixels=config.max_megapixels,
    )
    torch.manual_seed(config.seed)
    channels = found_channels(config.priors, config.heatmap_rgb) if on_the_fly else train.prior_channels
    network_config = NetworkConfig(
        iterations=config.passes, blocks=config.blocks, prior_channels=channels, attention=config.attention
    )
    network = compile_genotype(genotype, network_config)
    if config.from_supernet is not None:
        slice_supernet(network, load_weights(config.from_supernet).state, str(config.from_supernet))
    vgg = load_vgg19(config.vgg19).to(fabric.device) if config.perceptual > 0 else None
    extract = None
    if on_the_fly:
        sources = ExternalSources(config.weights_dir, config.parser, config.dictionary)
        extract = PriorExtractor(channels, sources, fabric.device, config.heatmap_rgb, dropped=config.drop_prior)

    # 2. Processes, loaders, optimizer.
    launch(fabric, config.deterministic)
    share = BatchShare(fabric.global_rank, fabric.world_size, config.accumulate)
    loader = make_training_loader(train, None, config.batch_size, config.seed, config.workers, share)
    val_loader = make_loader(val, own_part(fabric, len(val)), config.batch_size, 0, shuffle=False, workers=0)
    epoch_steps = min(steps_of(loader), config.epoch_steps or steps_of(loader))
    total = min(config.epochs * epoch_steps, config.max_steps or config.epochs * epoch_steps)
    if fabric.world_size > 1:
        synchronise_norms(network)
    network.to(fabric.device, memory_format=torch.channels_last if config.channels_last else torch.preserve_format)  # pyright: ignore[reportCallIssue]
    learning = dict(network.named_parameters())
    oracle = list(oracle_priors(config.priors, config.priors_from, read_provenance(config.data), config.drop_prior))
    optimizer = _optimizer(config, network)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(config.ema)) if config.ema else None
    judged = network if average is None else average.module

    def restore(model: torch.nn.Module, batch: FaceBatch) -> list[Tensor]:
        """Each iteration's output for a batch on the device."""
        with fabric.autocast():
            outputs = run_with_priors(model, batch.degraded, batch.priors, config.priors_from, extract)
        return [output.float() for output in outputs]

    def losses(piece: FaceBatch) -> dict[str, Tensor]:
        batch = piece.to(fabric.device, channels_last=config.channels_last)
        return restoration_loss(restore(network, batch), batch.clean, config.pixel, config.perceptual, vgg)

    def learn(pieces: tuple[FaceBatch, ...], step: int) -> dict[str, float]:
        """One update; its loss terms are returned."""
        optimizer.zero_grad()
        means = backward(fabric, pieces, losses, step)
        names = tuple(name for piece in pieces for name in piece.names)
        apply_update(fabric, optimizer, learning, step, names, config.clip_norm)
        if average is not None:
            average.update_parameters(network)
        return means

    def train_epoch(run: Run) -> None:
        """The steps of the running epoch that are left."""
        epoch, done, step = run.position.epoch, run.position.batch, run.position.step
        left = max(min(epoch_steps, total - (step - done)) - done, 0)  # a resumed run may have fewer --max-steps
        network.train()
        for pieces in islice(training_steps(loader, epoch, done), left):
            run.note_bad_faces(dict(bad for piece in pieces for bad in piece.bad), len(train))
            lr = config.lr * lr_factor(config.schedule, epoch, run.position.step, total, config.halve_at)
            for group in optimizer.param_groups:
                group["lr"] = lr * run.position.lr_scale
            losses: dict[str, float] = {}
            with run.forgiving(network):
                losses = learn(pieces, run.position.step)
            left -= 1
            text = f"epoch {epoch + 1}/{config.epochs} loss {sum(losses.values()):.4f}"
            run.step_done(losses, text, left == 0, lr=optimizer.param_groups[0]["lr"])

    def finish_epoch(run: Run) -> None:
        """Validate, keep the best, write down."""
        epoch, step = run.position.epoch, run.position.step

        def restored(batch: FaceBatch) -> list[Tensor]:
            run.stop_if_asked()
            return restore(judged, batch.to(fabric.device, channels_last=config.channels_last))

        judged.eval()
        with torch.no_grad():
            psnr = validation_psnr(restored, val_loader, partial(gather_parts, fabric, total=len(val)))
        score = psnr.iterations[-1]
        record = {
            "epoch": epoch + 1,
            "step": step,
            "loss": run.position.mean_losses(),
            "psnr": {"input": psnr.input, "iterations": psnr.iterations},
            "best": run.improves(score),
            **({"oracle_priors": oracle} if oracle else {}),
        }
        if record["best"] and fabric.is_global_zero:
            header = weights_header(genotype, network_config, _provenance(config, genotype, epoch, step))
            save_weights(config.out / "weights.safetensors", judged.state_dict(), **header)
        run.epoch_done(record, score)
        run.console.print(_epoch_line(record, config.epochs), highlight=False, soft_wrap=True)

    # 3. The loop: train for an epoch, then validate, keep the best, write down.
    parts = {"network": network, "optimizer": optimizer, **({"average": average} if average is not None else {})}
    identity = (genotype.hash, *train.names, "", *val.names)
    with ended_workers(loader), open_run(config, fabric, console, "retrain", total, parts, *identity) as run:
        if fabric.is_global_zero:
            write_durably(config.out / "genotype.json", genotype.to_json())
            for suffix in ("svg", "png"):
                draw_genotype(genotype, config.out / f"genotype.{suffix}")
        while run.goes_on(config.epochs, total):
            try:
                train_epoch(run)
                finish_epoch(run)
            except NotFiniteError as trouble:
                run.roll_back(trouble)
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
        "epoch": epoch + 1,
        "step": step,
    }


def _epoch_line(record: dict[str, Any], epochs: int) -> str:
    psnr = record["psnr"]
    restored = " > ".join(f"{value:.2f}" for value in psnr["iterations"])
    mark = " (best so far)" if record["best"] else ""
    oracle = " with oracle priors" if "oracle_priors" in record else ""
    return f"epoch {record['epoch']}/{epochs}: PSNR input {psnr['input']:.2f}, restored {restored} dB{oracle}{mark}"
