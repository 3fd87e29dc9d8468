"""`mfps retrain`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from . import options as o


def retrain(
    genotype: Annotated[
        str | None, typer.Option(help="Genotype file, run folder or published name.", show_default=False)
    ] = None,
    data: o.Data = None,
    out: o.Out = None,
    list_: o.TrainList = None,
    val_list: o.ValList = None,
    priors: o.Priors = None,
    drop_prior: o.DropPrior = None,
    prior_dropout: o.PriorDropout = None,
    flip: o.Flip = None,
    priors_from: Annotated[
        str | None, typer.Option(help="clean, degraded or coarse: see `mfps evaluate`. [clean]")
    ] = None,
    weights_dir: o.WeightsDir = None,
    parser: o.Parser = None,
    dictionary: o.Dictionary = None,
    preset: o.Preset = None,
    size: o.Size = None,
    width: o.Width = None,
    epochs: o.Epochs = None,
    epoch_steps: o.EpochSteps = None,
    max_steps: o.MaxSteps = None,
    batch_size: o.BatchSize = None,
    accumulate: o.Accumulate = None,
    clip_norm: o.ClipNorm = None,
    on_nonfinite: o.OnNonfinite = None,
    degradation: o.Degradation = None,
    solver: Annotated[str | None, typer.Option(help="adam or sgd. [adam]")] = None,
    lr: Annotated[float | None, typer.Option(help="Learning rate at the start. [0.001]")] = None,
    schedule: Annotated[str | None, typer.Option(help="published (halving), cosine or constant.")] = None,
    ema: Annotated[float | None, typer.Option(help="Decay of an average of the weights, which is kept. [none]")] = None,
    perceptual: Annotated[float | None, typer.Option(help="Weight of the VGG19 loss; 0 leaves it out.")] = None,
    vgg19: Annotated[Path | None, typer.Option(help="Local copy of VGG19's official weights.")] = None,
    from_supernet: Annotated[Path | None, typer.Option(help="Search run to start the weights from.")] = None,
    iterations: o.Iterations = None,
    attention: o.Attention = None,
    workers: o.Workers = None,
    seed: o.Seed = None,
    device: o.Device = None,
    devices: o.Devices = None,
    num_nodes: o.NumNodes = None,
    precision: o.Precision = None,
    checkpoint_minutes: o.CheckpointMinutes = None,
    checkpoint_steps: o.CheckpointSteps = None,
    resume: o.Resume = None,
    overwrite: o.Overwrite = None,
    config: o.Config = None,
) -> None:
    """Train the fixed network of a genotype; leaves weights.safetensors in --out."""
    given = o.given(
        genotype=genotype,
        data=data,
        out=out,
        list=list_,
        val_list=val_list,
        priors=priors,
        drop_prior=drop_prior,
        prior_dropout=prior_dropout,
        flip=flip,
        priors_from=priors_from,
        weights_dir=weights_dir,
        parser=parser,
        dictionary=dictionary,
        size=size,
        width=width,
        epochs=epochs,
        epoch_steps=epoch_steps,
        max_steps=max_steps,
        batch_size=batch_size,
        accumulate=accumulate,
        clip_norm=clip_norm,
        on_nonfinite=on_nonfinite,
        degradation=degradation,
        solver=solver,
        lr=lr,
        schedule=schedule,
        ema=ema,
        perceptual=perceptual,
        vgg19=vgg19,
        from_supernet=from_supernet,
        iterations=iterations,
        attention=attention,
        workers=workers,
        seed=seed,
        device=device,
        devices=devices,
        num_nodes=num_nodes,
        precision=precision,
        checkpoint_minutes=checkpoint_minutes,
        checkpoint_steps=checkpoint_steps,
        resume=resume,
        overwrite=overwrite,
    )
    from ..engine.configuration import resolve
    from ..retrain.config import RetrainConfig
    from ..retrain.train import retrain as run

    resolved = resolve(RetrainConfig, "retrain", preset, config, given)
    run(resolved, o.console())
    network, same = shlex.quote(str(resolved.out)), o.written(data=resolved.data, degradation=resolved.degradation)
    o.report(
        f"weights   {resolved.out / 'weights.safetensors'}",
        f"next      mfps evaluate {network} {same} --list ... --out ...   (a list of other faces)",
    )
