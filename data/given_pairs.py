"""Degraded faces that are given as files, one for each clean face, as public test sets have them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from ..errors import MAX_PLACE, MfpsError, printable, shortened
from ..files.hashes import sha256_of_texts
from ..images.image import MAX_PIXELS, fit_square, image_size, read_image
from ..images.lists import find_images, image_folder
from ..images.near_names import near_name

SHOWN = 3
"""How many missing faces a message names."""

SIZES_RULE = (
    "a degraded face has the size of the clean one, or, where both are square, is smaller by a whole factor (it is "
    "enlarged then, bicubic)"
)


class GivenPairs:
    """A folder of degraded faces that belong to clean ones by name.

    The partner of `a/1.png` is `a/1.png`; or, if there is none, the one photograph that is called so but for its
    suffix, such as `a/1.jpg`.

    Args:
        root: a folder with the degraded faces, or with them in `images`.
        follow_links: links may lead out of it.

    Attributes:
        root: the folder, as it was given.

    Raises:
        MfpsError: there is no such folder, or no photograph in it.
    """

    def __init__(self, root: str | Path, follow_links: bool = False) -> None:
        self.root = Path(root)
        self._folder = image_folder(root, follow_links)
        self._names = find_images(self._folder, follow_links)

    def partners(self, names: Sequence[str]) -> dict[str, str]:
        """The name of the degraded face of each clean one.

        Args:
            names: clean faces, as `find_images` returns them.

        Raises:
            MfpsError: some have no partner, or several that differ by their suffix only.
        """
        there, bare = set(self._names), defaultdict[str, list[str]](list)
        for name in self._names:
            bare[_bare(name)].append(name)
        found = {name: [name] if name in there else bare.get(_bare(name), []) for name in names}
        if missing := [name for name in names if not found[name]]:
            first = ", ".join(shortened(name, MAX_PLACE) for name in missing[:SHOWN])
            more = ", ..." if len(missing) > SHOWN else ""
            near = near_name(missing[0], self._names)
            raise MfpsError(
                f"{self.root}: {len(missing)} of {len(names)} faces have no degraded partner there: {first}{more}"
                f"{near and f' ({near})'}; add files of these names, with any suffix, or use a list without them"
            )
        for name, partners in found.items():
            if len(partners) > 1:
                raise MfpsError(
                    f"{self.root}: {' and '.join(partners[:2])} could both be the degraded partner of {name}; remove "
                    "one, or give it the same suffix"
                )
        return {name: partner for name, (partner,) in found.items()}

    def check_size(self, partner: str, clean: tuple[int, int], max_pixels: int = MAX_PIXELS) -> None:
        """Refuse a degraded face that cannot be laid over its clean one.

        Args:
            partner: its name.
            clean: width and height of the clean face in pixels.
            max_pixels: a larger picture is refused.

        Raises:
            MfpsError: its size does not fit, or its header cannot be read.
        """
        width, height = image_size(self._folder / partner, max_pixels)
        smaller = width == height and clean[0] == clean[1] and not clean[0] % width
        if (width, height) != clean and not smaller:
            raise MfpsError(
                f"{self._folder / partner}: is {width} x {height}, and its clean face {clean[0]} x {clean[1]}; "
                f"{SIZES_RULE}"
            )

    def read(self, partner: str, size: int, max_pixels: int = MAX_PIXELS) -> np.ndarray:
        """A degraded face as the network is given it, as in `mfps restore`: uint8 (size, size, 3) RGB.

        Args:
            partner: its name.
            size: side in pixels; its central square is shrunk or enlarged (bicubic) to it.
            max_pixels: a larger picture is refused.

        Raises:
            MfpsError: it cannot be read.
        """
        return fit_square(read_image(self._folder / partner, max_pixels), size, enlarge=True)[0]

    def described(self, partners: Mapping[str, str]) -> dict[str, str | int]:
        """What a result says about the pairs it rests on: the folder's name, the count of faces, and their digest.

        Args:
            partners: as `partners` returns them, for the faces that were used.
        """
        pairs = [name for clean in sorted(partners) for name in (clean, partners[clean])]
        name = printable(self.root.absolute().name)
        return {"folder": name, "faces": len(partners), "names_sha256": sha256_of_texts(*pairs)}


def degraded_by(degradation: str, pairs: Path | None, follow_links: bool) -> str | GivenPairs:
    """Where degraded faces come from, as `FaceFolder` takes it: from given files, if there are any.

    Args:
        degradation: how they are made otherwise.
        pairs: folder of the given ones.
        follow_links: links may lead out of it.

    Raises:
        MfpsError: the folder cannot be used.
    """
    return degradation if pairs is None else GivenPairs(pairs, follow_links)


def _bare(name: str) -> str:
    return PurePosixPath(name).with_suffix("").as_posix()
