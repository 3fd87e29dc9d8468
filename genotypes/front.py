"""The front of a selection: `front.json`, and a genotype file for each of its members.

The members are the genotypes that no other is better than at the same cost or cheaper than at the same quality. The
file carries the SHA-256 of its content, and the hash of each member's genotype: what was edited is refused.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ..errors import MAX_VALUE, MfpsError, shortened
from ..files.regular_file import read_text
from ..files.sealed_json import read_sealed, sealed
from .branch_genotype import StrictModel
from .genotype import Genotype

FRONT_SCHEMA = "mfps.front/1"
"""The file format's name and version."""

MAX_FRONT_BYTES = 16_000_000

MEMBER_OF_RUN = re.compile(r"(.+)#([0-9]{1,9})", re.DOTALL)
"""How a member of a front is named: the run folder, `#`, the member's number."""

FRONT = "front.json"
"""The file's name in a run folder."""

FRONT_FOLDER = "front"
"""The folder beside it with the members' genotype files."""

Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Milliseconds = Annotated[float | None, Field(ge=0, allow_inf_nan=False)]


class Member(StrictModel):
    """One genotype of the front."""

    number: int = Field(ge=0, description="Its number: RUN#3 names member 3 of the front in RUN.")
    file: str = Field(pattern=r"^front/\d{2,6}\.json$", description="Its genotype file, beside front.json.")
    hash: Hash = Field(description="The genotype's hash.")
    psnr: Finite = Field(description="Mean PSNR in dB on the faces that select, by the supernet.")
    gflops: Finite = Field(ge=0, description="GFLOPs of the whole network for one face.")
    parameters: int = Field(ge=0, description="Parameters of the whole network.")
    ms: Milliseconds = Field(None, description="Milliseconds for one face, as a table of latencies predicts them.")
    measured_ms: Milliseconds = Field(None, description="The same, measured when the front was made.")
    origin: str = Field(description="What proposed it: a starter, `paths of BRANCH`, `generation 3`, or `earlier`.")


class Baseline(StrictModel):
    """A genotype to compare the front with."""

    name: str = Field(description="Such as decoded, cheapest, published, random 1.")
    hash: Hash
    psnr: Finite | None = Field(None, description="None if it was not evaluated, as it is outside the budget.")
    gflops: Finite = Field(ge=0)
    parameters: int = Field(ge=0)
    ms: Milliseconds = Field(None, description="Milliseconds for one face, as a table of latencies predicts them.")


class Limits(StrictModel):
    """The budget; a limit that was not set is left out."""

    max_gflops: Finite | None = None
    max_parameters: int | None = None
    min_gflops: Finite | None = None
    min_parameters: int | None = None
    max_ms: Finite | None = None


class Counted(StrictModel):
    """What the costs are those of."""

    size: int = Field(ge=8, description="Side of the face in pixels.")
    iterations: int = Field(ge=1, description="Passes over the face.")
    machine: str | None = Field(None, description="What the milliseconds are those of; left out if there are none.")


class Tally(StrictModel):
    """How many genotypes were evaluated on this supernet."""

    starters: int = Field(ge=0)
    paths: int = Field(ge=0, description="In the sweeps over the paths of the branches.")
    generations: int = Field(ge=0, description="In the evolution.")
    earlier: int = Field(ge=0, description="By earlier selections, and not proposed by this one.")


class Front(StrictModel):
    """What a selection found, by ascending cost and ascending quality; the last member is `genotype.json`."""

    schema_: Literal["mfps.front/1"] = Field(FRONT_SCHEMA, alias="schema", description="File format and version.")
    supernet: Hash = Field(description="SHA-256 of the supernet and of the faces that select.")
    cost: Literal["flops", "parameters"] = Field(description="The cost that the front weighs against quality.")
    counted: Counted
    budget: Limits
    evaluated: Tally
    members: list[Member] = Field(min_length=1)
    baselines: list[Baseline] = Field(default_factory=list)

    def to_json(self) -> str:
        """The file's text, with the SHA-256 of the content as `digest`."""
        content = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return sealed(content, indent=2)

    def cost_of(self, entry: Member | Baseline) -> float:
        """The cost of one of its entries that it weighs: GFLOPs, or millions of parameters."""
        return entry.gflops if self.cost == "flops" else entry.parameters / 1e6


def read_front(folder: Path) -> Front:
    """Read the front in a run folder.

    Raises:
        MfpsError: there is none, or it was changed after it was written.
    """
    file = folder / FRONT
    if not os.path.lexists(file):
        raise MfpsError(f"{folder}: holds no {FRONT}; make it with `mfps select`")
    remedy = "make it again with `mfps select`"
    text = read_text(file, "front", MAX_FRONT_BYTES)
    return read_sealed(text, Front, FRONT_SCHEMA, file, "front", remedy)


def read_member(folder: Path, number: int) -> Genotype:
    """The genotype of a member of the front in a run folder.

    Args:
        folder: the run folder.
        number: the member's number.

    Raises:
        MfpsError: there is no such front or member, or its genotype file is not the one that the front names.
    """
    from .genotype_file import read_genotype  # that module imports this one

    members = {member.number: member for member in read_front(folder).members}
    if number not in members:
        known = [*map(str, members)]
        listed = f"{known[0]} to {known[-1]}" if len(known) > 9 else shortened(", ".join(known), MAX_VALUE)
        raise MfpsError(f"{folder}: its front has no member {number}; it has {listed}")
    file = folder / members[number].file
    genotype = read_genotype(file)
    if genotype.hash != members[number].hash:
        raise MfpsError(
            f"{file}: not the genotype of member {number} in {FRONT}: it was changed, or a selection was killed while "
            "it replaced its files; give the same `mfps select` again"
        )
    return genotype
