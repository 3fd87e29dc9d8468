"""What an export will do, with everything that it reads: refused here is whatever can be before anything is written."""

from typing import NamedTuple

from ..engine.weights import weights_in
from ..errors import MfpsError
from ..files.hashes import sha256_of
from ..inference.compile import CompiledNetwork
from ..inference.export_metadata import ExportMetadata
from ..inference.open_network import open_network
from ..networks.restorer import STRIDE
from ..priors.dictionary.dictionary_file import read_dictionary
from .config import ExportConfig
from .face_graph import GraphSpec
from .faces import CheckedFaces, FacePlace, FaceReader, degradation_of_checks, drawn_faces, face_place, spread
from .folded_priors import FoldedPriors
from .formats import check_packages
from .made_up_priors import Drawing
from .neighbours import check_for_reactor, plain_name

CHECKED_FACES, CHECKED_FACES_HALF = 4, 2
"""Faces on which a file is compared with the network; fewer in float16, in which torch is very slow on a CPU."""

HELD_OUT_FACES = 16
"""Faces on which the loss by 8 bits is measured."""


class Ranges(NamedTuple):
    """Faces for a file of 8 bits; they are read one by one, as maps of priors are large."""

    calibration: FaceReader
    """From these the ranges of values are taken."""
    held_out: FaceReader
    """On these the loss is measured."""


class Plan(NamedTuple):
    """What an export will do."""

    name: str
    """Of the files, without their endings."""
    compiled: CompiledNetwork
    spec: GraphSpec
    drawing: Drawing
    metadata: ExportMetadata
    """What files in float32, or float16 if all are to be, say about themselves."""
    faces: CheckedFaces
    note: str
    """Why these are not the run's own faces; empty if they are."""
    ranges: Ranges | None


def plan_export(config: ExportConfig) -> Plan:
    """Read the network and the faces.

    Raises:
        MfpsError: an input cannot be used, or something is not installed.
    """
    check_packages(config.format)
    name = config.name or plain_name(_called(config))
    if "reactor" in config.neighbours:
        check_for_reactor(name)
    compiled = open_network(config.weights, config.genotype)
    spec = _spec(config, compiled)
    place = face_place(config, compiled)
    drawing = _drawing(config, compiled, spec, place)
    faces, note = _faces(config, compiled, spec, place, drawing)
    ranges = None if config.quantize is None else _ranges(config, compiled, spec, place, drawing)
    return Plan(name, compiled, spec, drawing, _metadata(config, compiled, spec, drawing), faces, note, ranges)


def _called(config: ExportConfig) -> str:
    file = weights_in(config.weights).absolute()
    return file.parent.name if file.name == "weights.safetensors" else file.stem


def _spec(config: ExportConfig, compiled: CompiledNetwork) -> GraphSpec:
    size = config.size or compiled.size
    if size < STRIDE or size % STRIDE:  # the file may say anything
        raise MfpsError(f"{config.weights}: its size {size} is not a positive multiple of {STRIDE}; set `size`")
    own = compiled.config.iterations
    passes = own if config.iterations in (None, "all") else int(config.iterations)
    outputs = tuple(range(passes)) if config.iterations == "all" else (passes - 1,)
    channels = {prior: compiled.config.prior_channels[prior] for prior in compiled.priors} if passes > 1 else {}
    if not channels and config.priors == "folded":
        why = "the first pass takes no priors" if compiled.priors else "this network takes no priors"
        raise MfpsError(f"`priors` folded: {why}; leave it out")
    wrapped = config.wrap == "face512"
    if wrapped and channels and config.priors != "zeros":
        raise MfpsError(
            f"`wrap` face512 takes a picture and nothing else, so `priors` {config.priors} cannot be had; set `priors` "
            "to zeros, or `iterations` to 1"
        )
    return GraphSpec(size, passes, outputs, channels, config.priors if channels else "none", wrapped, config.half)


def _drawing(config: ExportConfig, compiled: CompiledNetwork, spec: GraphSpec, place: FacePlace | None) -> Drawing:
    if spec.priors != "folded" or "dictionary" not in spec.channels:
        return Drawing(compiled.heatmap_rgb)
    own = None if place is None else place.dictionary
    file = config.dictionary or own
    if file is None:
        raise MfpsError(
            "`priors` folded: the entries of the dictionary prior become part of the file, and the run's data folder "
            "is not there; name the `dictionary` that the network was trained with"
        )
    dictionary, sha256 = read_dictionary(file), sha256_of(file)
    if place is not None and own is not None and sha256 != sha256_of(own):
        raise MfpsError(
            f"`dictionary` {file}: the faces in {place.data} have numbers of entries in another one, {own}; leave "
            "`dictionary` out, or name the data that belongs to it"
        )
    FoldedPriors(spec.channels, compiled.heatmap_rgb, dictionary)  # refuses what cannot be drawn
    return Drawing(compiled.heatmap_rgb, dictionary, sha256)


def _faces(
    config: ExportConfig, compiled: CompiledNetwork, spec: GraphSpec, place: FacePlace | None, drawing: Drawing
) -> tuple[CheckedFaces, str]:
    """Faces to check on, and why they are not the run's own."""
    degradation = degradation_of_checks(config, compiled)
    count = CHECKED_FACES_HALF if spec.half else CHECKED_FACES
    if place is None:
        note = "the run's faces are not there; name others as `data`"
        return drawn_faces(count, degradation, spec, drawing), note
    try:
        reader = FaceReader(place, spread(place.held_out, count), compiled, spec, drawing)
        return reader.read(range(len(reader))), ""
    except MfpsError as error:
        if config.data is not None:
            raise
        return drawn_faces(count, degradation, spec, drawing), f"the run's faces cannot be used: {error}"


def _ranges(
    config: ExportConfig, compiled: CompiledNetwork, spec: GraphSpec, place: FacePlace | None, drawing: Drawing
) -> Ranges:
    if place is None:
        raise MfpsError(
            f"`quantize` {config.quantize} needs faces, and those of the run are not there; name a folder of clean, "
            "aligned faces as `data`"
        )
    chosen = spread(place.others, config.calibration_faces), spread(place.held_out, HELD_OUT_FACES)
    if not all(chosen):
        raise MfpsError(f"{place.data}: `quantize` {config.quantize} needs at least two faces; give more as `data`")
    ranges = Ranges(*(FaceReader(place, names, compiled, spec, drawing) for names in chosen))
    if not ranges.calibration.real:
        raise MfpsError(
            f"{place.data}: `quantize` {config.quantize} needs the faces' priors, and they are not stored there; give "
            "a folder that has them as `data`, or set `priors` to zeros"
        )
    return ranges


def _metadata(config: ExportConfig, compiled: CompiledNetwork, spec: GraphSpec, drawing: Drawing) -> ExportMetadata:
    return ExportMetadata(
        genotype=compiled.genotype.model_dump(mode="json", by_alias=True, exclude_none=True),
        genotype_hash=compiled.genotype.hash,
        network=compiled.config.model_copy(update={"iterations": spec.passes}),
        provenance=compiled.provenance,
        weights_sha256=sha256_of(weights_in(config.weights)),
        size=spec.size,
        batch=1 if spec.wrapped else None,
        outputs=spec.outputs,
        priors=spec.priors,
        dictionary_sha256=drawing.dictionary_sha256,
        wrap=config.wrap,
        precision="float16" if spec.half else "float32",
        range="-1..1" if spec.wrapped else "0..1",
        licence=config.licence or "",
        data=_said(compiled, "data"),
        degradation=_said(compiled, "degradation"),
    )


def _said(compiled: CompiledNetwork, key: str) -> str:
    """What the weights file says, if it is a text."""
    value = compiled.provenance.get(key, "")
    return value if isinstance(value, str) else ""
