"""Other people's architectures, read as genotypes: the published code's arrays, and cells from DARTS-style texts."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from ...errors import MfpsError, first_violation
from ...files.atomic_file import atomic_file
from ...files.hashes import sha256_of
from ...files.regular_file import is_folder
from ..backbone import Backbone, fusion_share, share_of
from ..branch_genotype import BranchGenotype, CellEdge
from ..genotype import Genotype
from ..space import BRANCHES, PRIORS, fusion_width
from .darts_text import read_darts_cell
from .published_arrays import (
    CELL_FILE,
    PAIRINGS,
    PATH_FILE,
    branch_arrays,
    branch_folders,
    check_pairing,
    read_branch_arrays,
)

DEFAULT_WIDTH = 8
"""The published base width; neither arrays nor texts contain it."""


def import_genotype(
    source: Path,
    branch: str | None = None,
    into: Genotype | None = None,
    width: int | None = None,
    part: str = "normal",
    pairing: str = "rows",
) -> Genotype:
    """Read a genotype from what another code base saved.

    Args:
        source: a folder with one branch's arrays; a folder of such folders named after the branches; or a text file
            with a DARTS-style `Genotype(...)`, which holds a cell but no path.
        branch: the name of a single branch, `upsample` by default; of a folder of branches, the only one to take.
        into: the genotype that supplies every other branch, the backbone if it has one and, for a text, the path of the
            branch.
        width: base width of the branches that are read; by default that of `into`, else 8. The fusion branch's follows.
        part: which cell of a text, `normal` or `reduce`.
        pairing: which operation an edge has, where an array's rows are not in edge order: that of its row (`rows`), as
            the search decided, or the one that the published cell runs on it (`published`), as a checkpoint of the
            published code was trained.

    Returns:
        The genotype; its provenance names the source, the SHA-256 of its files, and `into`. Where the pairing matters
        it also has `pairing`, and as `rows_out_of_order` the branches whose cell follows from it.

    Raises:
        MfpsError: the source cannot be read, breaks a rule, or does not make a network without `into`.
    """
    if branch is not None and branch not in BRANCHES:
        raise MfpsError(f"`branch` {branch!r} is not known; choose from {', '.join(BRANCHES)}")
    check_pairing(pairing)
    moved: list[str] = []
    present = {} if into is None else into.present
    if is_folder(source):
        folders = {branch or "upsample": source} if (source / PATH_FILE).exists() else branch_folders(source)
        folders = {name: folder for name, folder in folders.items() if branch in (None, name)}
        if not folders:
            raise MfpsError(
                f"{source}: no {PATH_FILE} in it, nor in a folder named after {branch or 'a branch'}; "
                f"a branch is a folder with {PATH_FILE} and {CELL_FILE}"
            )
        files = [folder / file for folder in folders.values() for file in (PATH_FILE, CELL_FILE)]
        paired = {
            one: {
                name: read_branch_arrays(folder, name, _width(name, width, present), one)
                for name, folder in folders.items()
            }
            for one in PAIRINGS
        }
        read = paired[pairing]
        moved = [name for name in read if paired["rows"][name] != paired["published"][name]]
    else:
        if pairing != "rows":
            raise MfpsError(f"{source}: a text names the edge of each operation; leave out `pairing` {pairing}")
        files = [source]
        name = branch or "upsample"
        read = {name: _with_cell(present.get(name), read_darts_cell(source, part), source, name)}
    branches = dict(present) | read
    if "upsample" not in branches:
        raise MfpsError(
            f"{source}: holds only {', '.join(read)}; name the genotype that supplies the other branches as `into`"
        )
    provenance = {
        "kind": "imported",
        "source": source.name,
        "branches": list(read),
        "sha256": {file.relative_to(source.parent).as_posix(): sha256_of(file) for file in files},
    }
    provenance |= {} if into is None else {"into": into.hash}
    provenance |= {"pairing": pairing, "rows_out_of_order": moved} if moved else {}
    backbone = _fitted_backbone(None if into is None else into.backbone, branches)
    try:
        return Genotype.of(_fitted(branches, backbone), backbone, source.stem, provenance)
    except ValidationError as error:
        raise first_violation(error, str(source)) from None


def write_arrays(genotype: Genotype, folder: Path) -> list[Path]:
    """Write each branch's arrays to a folder of its name; `import_genotype` reads them back.

    Args:
        genotype: the architecture; its widths are not written.
        folder: an existing, empty folder.

    Returns:
        The files written.

    Raises:
        MfpsError: the published code lacks a branch, an operation or the backbone; nothing is written then.
    """
    if genotype.backbone is not None:
        raise MfpsError(
            f"{genotype.name}: it has a backbone of its own, which the published arrays cannot hold: keep the JSON file"
        )
    written = []
    for name, arrays in {name: branch_arrays(branch, name) for name, branch in genotype.present.items()}.items():
        (folder / name).mkdir()
        for file, array in zip((PATH_FILE, CELL_FILE), arrays, strict=True):
            with atomic_file(folder / name / file) as partial, partial.open("wb") as opened:
                np.save(opened, array, allow_pickle=False)
            written.append(folder / name / file)
    return written


def _width(name: str, width: int | None, present: Mapping[str, BranchGenotype]) -> int:
    if name == "fusion":
        return DEFAULT_WIDTH  # its own is set once the others are known
    if width is not None:
        return width
    beside = present.get(name) or next((present[p] for p in PRIORS if p in present), present.get("upsample"))
    return beside.width if beside else DEFAULT_WIDTH


def _with_cell(branch: BranchGenotype | None, cell: list[CellEdge], source: Path, name: str) -> BranchGenotype:
    if branch is None:
        raise MfpsError(f"{source}: holds a cell but no path; name as `into` a genotype for whose {name} branch it is")
    try:
        return BranchGenotype.model_validate({**dict(branch), "cell": cell})
    except ValidationError as error:
        raise first_violation(error, str(source)) from None


def _fitted_backbone(backbone: Backbone | None, branches: Mapping[str, BranchGenotype]) -> Backbone | None:
    """The backbone, with a share for a fusion branch that is new."""
    if backbone is None or backbone.fusion is not None or "fusion" not in branches:
        return backbone
    return backbone.model_copy(update={"fusion": 1.0})


def _fitted(branches: Mapping[str, BranchGenotype], backbone: Backbone | None) -> dict[str, BranchGenotype]:
    """The branches, with the fusion branch as wide as the others and the backbone require."""
    widths = [branches[prior].width for prior in PRIORS if prior in branches]
    if "fusion" not in branches or not widths:
        return dict(branches)
    width = share_of(fusion_width(branches["upsample"].width, widths), fusion_share(backbone))
    return {**branches, "fusion": branches["fusion"].model_copy(update={"width": width})}
