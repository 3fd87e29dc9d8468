"""From a folder of photographs to a data set: faces cut and aligned, priors beside them, every drop with its reason.

Three passes, each of which goes on where an interrupted run stopped: photographs are cut, parsing maps are found,
dictionary entries are matched. Then the records are written: landmarks, lists, manifest, report, contact sheet.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from rich.console import Console

from ..engine.progress import track
from ..engine.run_folder import check_writable
from ..errors import MfpsError
from ..external_weights import sha256_of
from ..faces.image import image_size, read_image, write_image
from ..faces.label_maps import find_label_map, read_label_map, write_label_map
from ..faces.landmark_formats import match_images, read_landmark_source
from ..faces.lists import find_images, image_folder
from .cutting import CutRules, cut_labels, cut_photograph
from .landmark_detector import LandmarkDetector
from .prepare_config import PrepareConfig
from .prepare_journal import PrepareJournal
from .prepare_priors import match_dictionary, parse_faces
from .prepare_records import PreparedFace, write_records

DETECTED_SCHEME = "ibug68"
JOURNALS = ".prepare"
LABEL_ENDING = "_label.png"


class Prepared(NamedTuple):
    """What `prepare` did."""

    faces: tuple[PreparedFace, ...]
    dropped: dict[str, tuple[str, ...]]
    """By photograph, the reasons why it or a face of it was not kept."""


class _Landmarks(NamedTuple):
    """Where the landmarks of the photographs come from."""

    scheme: str
    given: dict[str, list[np.ndarray]] | None
    """By photograph; None where they are to be found."""


def prepare(config: PrepareConfig, console: Console) -> Prepared:
    """Make a data set of a folder of photographs.

    Args:
        config: the settings.
        console: where progress and reasons are shown.

    Raises:
        MfpsError: something given cannot be used, or no face was kept; what was finished stays.
    """
    folder = image_folder(config.photos)
    names = _photographs(config, folder)
    _check_out(config.out)
    landmarks = _landmarks(config, names)
    journal = PrepareJournal(config.out / JOURNALS / "photographs.jsonl", config.settings)
    open_names = [name for name in names if name not in journal.entries]
    detector = None
    if landmarks.given is None and open_names:
        detector = LandmarkDetector(config.device, config.weights_dir, config.aligned)

    # 1. Cut.
    (config.out / "images").mkdir(parents=True, exist_ok=True)
    with track("cut", len(open_names), console) as tick:
        for name, entry in _cut_all(config, folder, open_names, landmarks, detector):
            journal.add(name, **entry)
            for reason in entry["dropped"]:
                console.print(f"dropped   {name}: {reason}", highlight=False, markup=False, soft_wrap=True)
            tick()
    entries = {name: journal.entries[name] for name in names if name in journal.entries}
    faces = tuple(PreparedFace.of(name, face) for name, entry in entries.items() for face in entry["faces"])
    dropped = {name: tuple(entry["dropped"]) for name, entry in entries.items() if entry["dropped"]}
    if not faces:
        name, reasons = next(iter(dropped.items()))
        raise MfpsError(f"{config.photos}: no face was kept of {len(names)} photographs; first {name}: {reasons[0]}")
    _check_names(faces)

    # 2. Priors that need a network.
    made: dict[str, dict[str, Any]] = {}
    if "parsing" in config.priors:
        made["parsing"] = parse_faces(config, faces, console)
    if "dictionary" in config.priors:
        made["dictionary"] = match_dictionary(config, faces, landmarks.scheme, console)
    if "heatmap" in config.priors:
        by = detector.provenance() if detector else {"landmarks": config.settings["landmarks"] or "face-alignment"}
        made["heatmap"] = {"scheme": landmarks.scheme, **by}

    # 3. Records.
    write_records(config, faces, dropped, landmarks.scheme, made)
    return Prepared(faces, dropped)


def cut_to_files(
    name: str, points: Sequence[np.ndarray] | None, folder: Path, config: PrepareConfig, scheme: str
) -> tuple[str, dict[str, Any]]:
    """Cut one photograph, write its faces (and label maps that are given), and say what was done.

    Args:
        name: the photograph.
        points: landmarks of its faces; None where it has none and is aligned.
        folder: the photographs.
        config: the settings.
        scheme: the landmarks' scheme.

    Returns:
        The name, and the journal's entry: `sha256` of the photograph, `faces`, `dropped`.
    """
    rules = CutRules(config.size, config.aligned, config.least_side or config.size)
    try:
        width, height = image_size(folder / name)
        if width * height > config.max_megapixels * 1e6:
            raise MfpsError(
                f"{width * height / 1e6:.0f} megapixels are more than --max-megapixels {config.max_megapixels:g}"
            )
        image = read_image(folder / name)
        labels = _given_labels(config, name)
        cut = cut_photograph(image, name, points or (), scheme, rules)
    except MfpsError as error:
        reason = str(error).removeprefix(f"{folder / name}: ")
        return name, {"sha256": _digest(folder / name), "faces": [], "dropped": [reason]}
    faces = []
    for face in cut.faces:
        target = config.out / "images" / face.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if labels is not None:
            label_file = config.out / "priors" / "parsing" / face.name
            label_file.parent.mkdir(parents=True, exist_ok=True)
            write_label_map(label_file, cut_labels(labels, (width, height), face.matrix, config.size))
        write_image(target, face.image)
        faces.append({"name": face.name, "points": None if face.points is None else _plain(face.points)})
    return name, {"sha256": _digest(folder / name), "faces": faces, "dropped": list(cut.dropped)}


def _cut_all(
    config: PrepareConfig,
    folder: Path,
    names: Sequence[str],
    landmarks: _Landmarks,
    detector: LandmarkDetector | None,
) -> Iterator[tuple[str, dict[str, Any]]]:
    cut = partial(cut_to_files, folder=folder, config=config, scheme=landmarks.scheme)
    if detector is not None:
        for name in names:
            yield _cut_detected(name, folder, config, detector)
        return
    points = [(landmarks.given or {}).get(name) for name in names]
    if config.workers == 0 or len(names) < 2:
        yield from map(cut, names, points)
        return
    with ProcessPoolExecutor(config.workers, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        yield from pool.map(cut, names, points, chunksize=4)


def _cut_detected(
    name: str, folder: Path, config: PrepareConfig, detector: LandmarkDetector
) -> tuple[str, dict[str, Any]]:
    try:
        width, height = image_size(folder / name)
        readable = width * height <= config.max_megapixels * 1e6
        image = read_image(folder / name) if readable else None
    except MfpsError:
        image, width, height = None, 0, 0
    if image is None:  # the reason is found again, and told, where it would be cut
        return cut_to_files(name, None, folder, config, DETECTED_SCHEME)
    left = top = 0
    if config.aligned:
        side = min(width, height)
        left, top = (width - side) // 2, (height - side) // 2
        image = np.ascontiguousarray(image[top : top + side, left : left + side])
    points = [face.points + np.array([left, top]) for face in detector.detect(image)]
    return cut_to_files(name, points, folder, config, DETECTED_SCHEME)


def _photographs(config: PrepareConfig, folder: Path) -> tuple[str, ...]:
    """The photographs of a folder, without the label maps that stand among them."""
    names = find_images(folder)
    if config.labels is None or config.labels.resolve() != folder.resolve():
        return names
    photographs = tuple(name for name in names if not name.endswith(LABEL_ENDING))
    if not photographs:
        raise MfpsError(f"{folder}: holds label maps (*{LABEL_ENDING}) and no photograph")
    return photographs


def _landmarks(config: PrepareConfig, names: Sequence[str]) -> _Landmarks:
    if config.landmarks is not None:
        source = read_landmark_source(config.landmarks)
        matched = match_images(source, names)
        if not any(matched.values()):
            raise MfpsError(
                f"{config.landmarks}: names none of the {len(names)} photographs in {config.photos}, first "
                f"{names[0]}; it has {source.faces[0].image}"
            )
        return _Landmarks(source.scheme, {name: [face.points for face in faces] for name, faces in matched.items()})
    needed = not config.aligned or {"heatmap", "dictionary"} & set(config.priors)
    return _Landmarks(DETECTED_SCHEME, None if needed else {})


def _given_labels(config: PrepareConfig, name: str) -> np.ndarray | None:
    if config.labels is None or "parsing" not in config.priors:
        return None
    file = find_label_map(config.labels, str(Path(name).with_suffix("")))
    if file is None:
        raise MfpsError(f"no label map of it in {config.labels}")
    return read_label_map(file)


def _check_out(out: Path) -> None:
    check_writable(out)
    if out.is_dir() and any(out.iterdir()) and not (out / JOURNALS).is_dir():
        raise MfpsError(f"{out}: holds other files, and nothing is overwritten; give a new folder")


def _check_names(faces: Sequence[PreparedFace]) -> None:
    seen: dict[str, str] = {}
    for face in faces:
        if face.name in seen:
            raise MfpsError(f"{seen[face.name]} and {face.photograph} would both become {face.name}; rename one")
        seen[face.name] = face.photograph


def _digest(file: Path) -> str | None:
    return sha256_of(file) if file.is_file() else None


def _plain(points: np.ndarray) -> list[list[float] | None]:
    return [[round(float(x), 2), round(float(y), 2)] if np.isfinite(x + y) else None for x, y in points]
