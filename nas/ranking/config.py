"""The configuration of ranking genotypes on a supernet."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ...engine.fields import Device
from ...files.config_model import REPEATED, ConfigModel, Panel


class RankConfig(ConfigModel):
    """Which genotypes are scored on which supernet, and what they are compared with."""

    genotype: Annotated[tuple[str, ...], REPEATED, Panel.COMMON] = Field(min_length=1)
    """Genotypes to score: files, run folders (RUN@12 for epoch 12 of a search) or published names."""
    supernet: Annotated[Path, Panel.COMMON]
    """Run folder of a finished search, whose space they are of."""
    out: Annotated[Path, Panel.COMMON]
    """New folder for the ranking; nothing is overwritten."""
    against: Annotated[tuple[Path, ...], REPEATED, Panel.REPORT] = ()
    """Evaluation (`evaluation.json` or its folder) of a genotype's own network, trained alone, or a folder of such
    folders; repeatable. Each genotype needs one, and all must have judged the same faces, degraded alike."""
    device: Device = "auto"
