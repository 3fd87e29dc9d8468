"""The genotype: an architecture as data, the contract between search and retraining.

`Genotype.hash` identifies the architecture whatever its formatting or provenance.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, JsonValue, create_model, model_validator

from ..errors import MfpsError, shown
from ..files.json_text import compact_leaves
from .backbone import Backbone, fusion_share, share_of
from .branch_genotype import BranchGenotype, StrictModel
from .operations import PUBLISHED_OPERATIONS as FIRST_OPERATIONS
from .space import MAX_WIDTH, PRIORS, START_RATES, fusion_width

if TYPE_CHECKING:
    from ..networks.restorer import Restorer

FIRST_SCHEMA, GENOTYPE_SCHEMA = "mfps.genotype/1", "mfps.genotype/2"
"""The file format's name and versions; the first has no backbone, and the published operations only."""


class _Upsample(StrictModel):
    upsample: BranchGenotype


_PRIOR_FIELDS: dict[str, Any] = dict.fromkeys(PRIORS, (BranchGenotype | None, None))
# Built in three steps, so that a file lists the fields in the order of the branches.
_UpsampleAndPriors = create_model("_UpsampleAndPriors", __base__=_Upsample, **_PRIOR_FIELDS)


class Branches(_UpsampleAndPriors):
    """The branches of a network: `upsample` always; with priors their branches and `fusion`."""

    fusion: BranchGenotype | None = None

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        present = {name: branch for name in START_RATES if (branch := getattr(self, name)) is not None}
        for name, branch in present.items():
            if branch.start_rate != START_RATES[name]:
                raise MfpsError(f"{name} starts at rate {branch.start_rate}: it must start at {START_RATES[name]}")
        widths = [present[prior].width for prior in PRIORS if prior in present]
        if self.fusion is None:
            if widths:
                raise MfpsError(
                    "prior branches without a fusion branch: add `fusion`, or leave the priors out (FRSNet)"
                )
            return self
        if not widths:
            raise MfpsError(f"a fusion branch without a prior branch: add one of {', '.join(PRIORS)}, or drop `fusion`")
        if len(set(widths)) > 1:
            raise MfpsError(
                f"prior branches of widths {widths}: they share one projection, so their widths must be equal"
            )
        return self


class Genotype(StrictModel):
    """An architecture: the branches of a restorer, with a name and where it came from."""

    schema_: Literal["mfps.genotype/1", "mfps.genotype/2"] = Field(
        FIRST_SCHEMA, alias="schema", description="File format and version."
    )
    name: str = Field("unnamed", max_length=200, description="A name for people; not part of the hash.")
    provenance: dict[str, JsonValue] = Field(
        default_factory=dict, description="Where it came from; not part of the hash."
    )
    branches: Branches
    backbone: Backbone | None = Field(
        None,
        description="The layers around the paths; without it they are as wide as can be, and as deep as training says.",
    )

    @classmethod
    def of(
        cls,
        branches: Mapping[str, BranchGenotype],
        backbone: Backbone | None = None,
        name: str = "unnamed",
        provenance: Mapping[str, Any] | None = None,
    ) -> "Genotype":
        """A genotype of some branches, in the version of the file format that it needs."""
        schema = FIRST_SCHEMA if backbone is None else GENOTYPE_SCHEMA
        found = Branches(**branches)  # pyright: ignore[reportArgumentType] - a field for each branch
        return cls(schema=schema, name=name, provenance=dict(provenance or {}), branches=found, backbone=backbone)

    @model_validator(mode="after")
    def _is_of_its_version(self) -> Self:
        if self.schema_ == FIRST_SCHEMA and self.backbone is not None:
            raise MfpsError(f"a backbone in {FIRST_SCHEMA}: set the schema to {GENOTYPE_SCHEMA}, or leave it out")
        if self.schema_ == GENOTYPE_SCHEMA and self.backbone is None:
            raise MfpsError(f"no backbone in {GENOTYPE_SCHEMA}: add one, or set the schema to {FIRST_SCHEMA}")
        newer = sorted(
            {op for branch in self.present.values() for op in branch.operations.values()} - {*FIRST_OPERATIONS}
        )
        if self.schema_ == FIRST_SCHEMA and newer:
            known = ", ".join(FIRST_OPERATIONS)
            raise MfpsError(f"{newer[0]} in {FIRST_SCHEMA}, which knows only {known}: use {GENOTYPE_SCHEMA}")
        return self

    @model_validator(mode="after")
    def _fusion_fits(self) -> Self:
        fusion, share = self.branches.fusion, None if self.backbone is None else self.backbone.fusion
        if self.backbone is not None and (fusion is None) != (share is None):
            raise MfpsError("the backbone has a share for `fusion` exactly where there is a fusion branch")
        if fusion is None:
            return self
        upsample, prior = self.branches.upsample.width, self.present[self.priors[0]].width
        expected = share_of(fusion_width(upsample, [prior] * len(self.priors)), share or 1.0)
        if fusion.width != expected:
            of_it = "" if share in (None, 1.0) else f"{share} of "
            raise MfpsError(
                f"fusion has width {fusion.width}: it must be {expected}, {of_it}three times the upsample branch's "
                f"{upsample} plus each prior branch's {prior}"
            )
        return self

    @property
    def present(self) -> dict[str, BranchGenotype]:
        """The branches that this genotype has, in canonical order."""
        return {name: branch for name in START_RATES if (branch := getattr(self.branches, name)) is not None}

    @property
    def priors(self) -> tuple[str, ...]:
        """The priors that this genotype takes, in canonical order."""
        return tuple(prior for prior in PRIORS if prior in self.present)

    @property
    def architecture(self) -> dict[str, Any]:
        """The architecture alone, without name and provenance, as plain JSON data: the branches, and `backbone`."""
        branches = self.branches.model_dump(mode="json", by_alias=True, exclude_none=True)
        if self.backbone is None:
            return branches
        return {**branches, "backbone": self.backbone.model_dump(mode="json", exclude_none=True)}

    @property
    def hash(self) -> str:
        """SHA-256 of the architecture in canonical JSON (sorted keys, no spaces), in hexadecimal."""
        canonical = json.dumps(self.architecture, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(f"{self.schema_}:{canonical}".encode()).hexdigest()

    def with_width(self, width: int) -> "Genotype":
        """The same paths and cells at another base width: search narrow, retrain wide.

        Args:
            width: base width of the upsample and prior branches, 1 to 4096; the fusion branch follows.

        Returns:
            A new genotype, whose provenance has this one's hash as `widened_from`.

        Raises:
            MfpsError: the width is not a whole number in that range.
        """
        if type(width) is not int or not 1 <= width <= MAX_WIDTH:
            raise MfpsError(f"`width` is {shown(width)}: it must be a whole number from 1 to {MAX_WIDTH}")
        fused = share_of(fusion_width(width, [width for _ in self.priors]), fusion_share(self.backbone))
        branches = {
            name: branch.model_copy(update={"width": fused if name == "fusion" else width})
            for name, branch in self.present.items()
        }
        provenance = {**self.provenance, "widened_from": self.hash}
        return self.model_copy(update={"branches": Branches(**branches), "provenance": provenance})

    @classmethod
    def load(cls, name_or_file: str | Path) -> "Genotype":
        """Read a published genotype by name (`mfpsnet`), a genotype file, or the genotype of a run folder.

        Args:
            name_or_file: the name, the file or the folder; or `RUN@12` for epoch 12 of a search's run folder, `RUN#3`
                for member 3 of the front that was selected there.

        Raises:
            MfpsError: there is no such name, file, epoch or member, or it is not a valid genotype.
        """
        from .genotype_file import read_genotype  # that module imports this one

        return read_genotype(name_or_file)

    def save(self, file: str | Path) -> Path:
        """Write the genotype to a file; an existing file is not overwritten.

        Args:
            file: where to write it; missing folders are made.

        Returns:
            The file written.

        Raises:
            MfpsError: the file exists, or cannot be written.
        """
        from .genotype_file import write_genotype

        write_genotype(self, Path(file))
        return Path(file)

    def draw(self, file: str | Path, title: str | None = None) -> Path:
        """Draw each branch's path and cell.

        Args:
            file: the drawing; its suffix (.svg, .png, .pdf, .gv) decides the format.
            title: a line above the drawing.

        Returns:
            The file written.

        Raises:
            MfpsError: the suffix is not one of these, or the file cannot be written.
        """
        from .drawing.drawing import draw_genotype  # that module imports this one, and is slow to load

        return draw_genotype(self, Path(file), title=title)

    def compile(
        self,
        *,
        iterations: int | None = None,
        blocks: int | None = None,
        prior_channels: Mapping[str, int] | None = None,
        attention: bool = False,
    ) -> "Restorer":
        """Build the fixed network of this architecture, with random weights.

        Args:
            iterations: passes over the face; by default 2 with priors and 1 without.
            blocks: residual dense blocks in the encoder, and again after re-distillation; by default 3. A genotype with
                a backbone has its own.
            prior_channels: channels of each prior; by default those in the provenance, else those that mfps prepares.
            attention: a learned weight for each prior.

        Returns:
            A `torch.nn.Module` that maps (B, 3, H, W) in [0, 1] to a list with each iteration's output.

        Raises:
            MfpsError: a number is out of range, or the priors are not the genotype's.
        """
        from ..inference.compile import compile_genotype  # the one import from a higher package; it loads torch
        from ..inference.cost_report import network_config

        return compile_genotype(self, network_config(self, iterations, blocks, prior_channels, attention))

    def to_json(self) -> str:
        """The genotype as a file's text: indented, one edge per line, ending with a newline."""
        data = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return compact_leaves(json.dumps(data, indent=2, ensure_ascii=False)) + "\n"
