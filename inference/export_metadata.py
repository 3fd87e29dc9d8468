"""What an exported file says about itself: which network it is, and what goes in and comes out.

Formats keep texts by key: `metadata_props` in ONNX, extra files in torch's. Every key begins with `mfps.`.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError

from ..errors import MfpsError, first_violation
from ..genotypes.branch_genotype import StrictModel
from ..genotypes.genotype import Genotype
from ..genotypes.genotype_file import parse_genotype
from ..networks.network_config import NetworkConfig

PREFIX = "mfps."

PriorInputs = Literal["none", "inputs", "zeros", "folded"]
"""The priors of an exported network: it takes none; maps (B, C, H, W) are inputs; all are zeros, inside the file; or
they are drawn inside the file, from landmarks, from boxes and numbers of entries, and from labels."""


class ExportMetadata(StrictModel):
    """What an exported file says about itself."""

    format: Literal[1] = 1
    """Version of these keys."""
    genotype: dict[str, Any]
    """The architecture, as in a genotype file."""
    genotype_hash: str
    """Its hash, for people who look for it."""
    network: NetworkConfig
    """Configuration of the network; `iterations` are the passes that the file runs."""
    provenance: dict[str, Any]
    """What the weights file said about the training."""
    weights_sha256: str
    """Of the weights file that was exported."""
    size: int = Field(ge=8, multiple_of=8)
    """Side in pixels of the faces inside; see `wrap`."""
    batch: int | None = None
    """Faces that are taken at a time; None for any number."""
    outputs: tuple[int, ...]
    """The iterations whose pictures come out, in this order, counted from 0."""
    priors: PriorInputs = "none"
    dictionary_sha256: str = ""
    """Of the dictionary whose entries are inside, if they are."""
    wrap: Literal["none", "face512"] = "none"
    """`face512`: `input` (B, 3, 512, 512) in [-1, 1] in, `output` alike; resized inside."""
    precision: Literal["float32", "float16", "int8"] = "float32"
    """Of the weights inside; inputs and outputs are float32."""
    range: str = "0..1"
    colour: Literal["RGB"] = "RGB"
    licence: str = ""
    data: str = ""
    degradation: str = ""

    def texts(self) -> dict[str, str]:
        """By key, as files keep them."""
        values = self.model_dump(mode="json")
        return {
            f"{PREFIX}{key}": value if isinstance(value, str) else json.dumps(value) for key, value in values.items()
        }

    def parsed_genotype(self, where: str) -> Genotype:
        """The architecture.

        Args:
            where: the file, for messages.

        Raises:
            MfpsError: it is not valid, or its hash is not the one that the file states.
        """
        genotype = parse_genotype(json.dumps(self.genotype), where)
        if genotype.hash != self.genotype_hash:
            raise MfpsError(
                f"{where}: states the genotype {self.genotype_hash} but holds {genotype.hash}: it was changed after "
                "its export; export it again"
            )
        return genotype


def read_metadata(texts: Mapping[str, str], where: str) -> ExportMetadata:
    """Read what an exported file says about itself.

    Args:
        texts: all texts of the file, by key; those of others are ignored.
        where: the file, for messages.

    Raises:
        MfpsError: the file is of another program, of a later version, or damaged.
    """
    own = {key.removeprefix(PREFIX): text for key, text in texts.items() if key.startswith(PREFIX)}
    if "format" not in own:
        raise MfpsError(
            f"{where}: was not exported by mfps, so nothing says which network it is; give a file of `mfps export`"
        )
    if own["format"] != "1":
        raise MfpsError(f"{where}: was exported by a later version of mfps; update mfps")
    fields = ExportMetadata.model_fields
    try:
        values = {
            key: text if fields[key].annotation is str else _value(text) for key, text in own.items() if key in fields
        }
        return ExportMetadata.model_validate_json(json.dumps(values))
    except ValidationError as error:
        raise first_violation(error, f"{where}: metadata") from None


def _value(text: str) -> Any:
    """A value as it was written: JSON, or a text that needs no quotes."""
    try:
        return json.loads(text)
    except ValueError:
        return text
