"""The README of an export: what goes into the files and comes out, and for each three lines with which it is used."""

from collections.abc import Iterator, Sequence

from ..files.markdown import markdown_table, markdown_text
from .formats import FORMATS
from .job import ExportJob
from .parity import Parity
from .quantized import QuantizationLoss

MEANING = {
    "input": "the degraded face, RGB, {range}",
    "labels": "the class of each pixel, int64; any height and width",
    "landmarks": "x and y in pixels of a face of {size}, 0 at the centre of the first pixel; NaN where missing",
    "boxes": "left, top, right, bottom of {parts}, in such pixels; NaN where missing",
    "entries": "the dictionary entry of each of these, int64; -1 where missing",
}
"""What the inputs hold."""

PARTS = "left eye, right eye, nose and mouth"


def readme(job: ExportJob, files: Sequence[Parity], loss: QuantizationLoss | None, added: Sequence[str]) -> str:
    """The page.

    Args:
        job: the network.
        files: what was written, compared with the network.
        loss: what 8 bits cost.
        added: files for other programs.
    """
    metadata = job.metadata
    lines = [f"# {markdown_text(str(metadata.genotype.get('name', 'network')))}", ""]
    lines += [
        f"Written by `mfps export`; genotype {metadata.genotype_hash}. Every file says so itself; `parity.json` has its"
    ]
    lines += [
        "SHA-256 and how it compares with the network. `mfps restore` takes each of them as its weights, but for those "
        "of spandrel.",
        "",
    ]
    told = {"Licence": metadata.licence, "Trained on": metadata.data, "Degradation": metadata.degradation}
    lines += [f"- {title}: {markdown_text(text)}" for title, text in told.items() if text]
    lines += ["", *markdown_table(("name", "shape", "what"), _interface(job)), ""]
    for parity in files:
        lines += [f"## {parity.file}", "", "```python", *usage(job, parity), "```", ""]
        lines += [
            f"By {parity.runtime} on {markdown_text(parity.faces)}: largest difference {parity.largest:.2g}, "
            f"{parity.psnr:.1f} dB.",
            "",
        ]
    if loss is not None:
        lines += [
            f"8 bits: PSNR {loss.before:.2f} dB before, {loss.after:.2f} dB after, {markdown_text(loss.faces)}.",
            "",
        ]
    if added:
        lines += [f"For other programs: {', '.join(f'`{name}`' for name in added)}.", ""]
    return "\n".join(lines)


def usage(job: ExportJob, parity: Parity) -> list[str]:
    """The lines of Python with which a file is used."""
    arguments = {name: "face" if name == "input" else name for name in job.graph.input_names}
    outputs = job.graph.spec.output_names
    values = {
        "{file}": parity.file,
        "{results}": "(restored,)" if len(outputs) == 1 else ", ".join(outputs),
        "{arguments}": ", ".join(arguments.values()),
        "{named}": "{" + ", ".join(f'"{name}": {argument}' for name, argument in arguments.items()) + "}",
    }
    lines = list(FORMATS[parity.format].use)
    for place, value in values.items():
        lines = [line.replace(place, value) for line in lines]
    return lines


def _interface(job: ExportJob) -> Iterator[tuple[str, str, str]]:
    """Each input and output: its name, its shape, and what it holds."""
    spec, batch = job.graph.spec, job.metadata.batch or "B"
    texts = {"range": job.metadata.range.replace("..", " to "), "size": spec.size, "parts": PARTS}
    for name, tensor in job.examples.items():
        sides = ("H", "W") if name == "labels" else tensor.shape[1:]
        meaning = MEANING.get(name, f"the {name} prior").format(**texts)
        yield name, f"({', '.join(map(str, (batch, *sides)))})", meaning
    for number, name in zip(spec.outputs, spec.output_names, strict=True):
        shape = f"({batch}, 3, {spec.side}, {spec.side})"
        yield name, shape, f"the face after pass {number + 1}, RGB, {texts['range']}"
