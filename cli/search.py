"""`mfps search`."""

from typing import Annotated

import typer

from . import options as o


def search(
    data: o.Data = None,
    out: o.Out = None,
    list_: o.TrainList = None,
    val_list: o.ValList = None,
    priors: o.Priors = None,
    drop_prior: o.DropPrior = None,
    prior_dropout: o.PriorDropout = None,
    flip: o.Flip = None,
    preset: o.Preset = None,
    size: o.Size = None,
    width: o.Width = None,
    layers: Annotated[int | None, typer.Option(help="Layers of every branch but fusion.")] = None,
    fusion_layers: Annotated[int | None, typer.Option(help="Layers of the fusion branch.")] = None,
    monotone: Annotated[bool | None, typer.Option(help="The upsample branch never moves down.")] = None,
    epochs: o.Epochs = None,
    warmup_epochs: Annotated[int | None, typer.Option(help="Epochs before the architecture is trained.")] = None,
    epoch_steps: o.EpochSteps = None,
    max_steps: o.MaxSteps = None,
    batch_size: o.BatchSize = None,
    accumulate: o.Accumulate = None,
    clip_norm: o.ClipNorm = None,
    on_nonfinite: o.OnNonfinite = None,
    degradation: o.Degradation = None,
    mixing: Annotated[str | None, typer.Option(help="input, or output as published (twice the work). [input]")] = None,
    fix: Annotated[
        list[str] | None, typer.Option(help="BRANCH=GENOTYPE: hold a branch at a known architecture; repeatable.")
    ] = None,
    cost_weight: Annotated[float | None, typer.Option(help="Weight of the expected FLOPs in the search. [0]")] = None,
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
    """Search an architecture on a folder of faces; leaves genotype.json and its drawings in --out."""
    given = o.given(
        data=data,
        out=out,
        list=list_,
        val_list=val_list,
        priors=priors,
        drop_prior=drop_prior,
        prior_dropout=prior_dropout,
        flip=flip,
        size=size,
        width=width,
        layers=layers,
        fusion_layers=fusion_layers,
        monotone=monotone,
        epochs=epochs,
        warmup_epochs=warmup_epochs,
        epoch_steps=epoch_steps,
        max_steps=max_steps,
        batch_size=batch_size,
        accumulate=accumulate,
        clip_norm=clip_norm,
        on_nonfinite=on_nonfinite,
        degradation=degradation,
        mixing=mixing,
        fix=fix,
        cost_weight=cost_weight,
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
    from ..nas.config import SearchConfig
    from ..nas.search import search as run

    resolved = resolve(SearchConfig, "search", preset, config, given)
    run(resolved, o.console())
    same = o.written(
        data=resolved.data,
        list=resolved.list,
        val_list=resolved.val_list,
        priors=",".join(resolved.priors),
        size=resolved.size,
        degradation=resolved.degradation,
        preset=preset,
    )
    o.report(
        f"genotype  {resolved.out / 'genotype.json'}",
        f"drawings  {resolved.out / 'genotype.svg'}, {resolved.out / 'supernet.svg'}",
        f"next      mfps retrain {o.written(genotype=resolved.out)} {same} --out ...",
    )
