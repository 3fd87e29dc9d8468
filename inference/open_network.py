"""Opening the network of any weights file: one of mfps, or one of others whose architecture is named."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..engine.weights import is_foreign
from ..errors import MfpsError
from ..genotypes.genotype import Genotype
from ..genotypes.genotype_file import read_genotype
from .compile import CompiledNetwork, load_network
from .exported_network import is_exported
from .foreign_network import import_network


def open_network(
    file: Path, genotype: str | Path | None = None, known: Mapping[str, Any] | None = None
) -> CompiledNetwork:
    """Rebuild a fixed network from its weights.

    Args:
        file: a weights file of mfps, the run folder that holds one, or a .pth or safetensors file of others.
        genotype: the architecture of a file of others: a genotype file, run folder or published name.
        known: what no tensor of such a file shows, see `import_network`.

    Returns:
        The network in eval mode on the CPU, its genotype and its provenance.

    Raises:
        MfpsError: see `load_network` and `import_network`; or the architecture of a file of others is not named, or
            that of a file of mfps is another one.
    """
    if is_exported(file):
        raise MfpsError(
            f"{file}: an exported file, which is only run: by `mfps restore`, `mfps evaluate` or other programs; give "
            "the weights that it was exported from"
        )
    if is_foreign(file):
        if genotype is None:
            raise MfpsError(
                f"{file}: has no header that says which network it belongs to; name its architecture as `genotype`, or "
                "give a file written by mfps"
            )
        imported = import_network(file, read_genotype(genotype), known)
        return CompiledNetwork(imported.genotype, imported.restorer.config, imported.provenance, imported.restorer)
    compiled = load_network(file)
    check_architecture(compiled.genotype, genotype, file)
    return compiled


def check_architecture(own: Genotype, named: str | Path | None, file: Path) -> None:
    """Raise an MfpsError if an architecture is named, and it is not that of the file, which says its own.

    Args:
        own: what the file says.
        named: a genotype file, run folder or published name, at any width.
        file: the file, for the message.
    """
    if named is None:
        return
    asked = read_genotype(named)
    if own.hash not in (asked.hash, asked.with_width(own.branches.upsample.width).hash):
        raise MfpsError(f"`genotype` {named}: not the architecture of {file}, which says its own; leave it out")
