"""An evaluation as a table for other programs: one row for each face, one column for each metric of each stage."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from ..errors import printable
from .evaluation_tables import iteration_numbers


def faces_csv(report: Mapping[str, Any]) -> str:
    """The faces of a report (see `evaluation_report`) as CSV.

    The columns are the photograph's name, its degradation, its lists separated by `;`, and then each metric of the
    input and of each iteration: `input_psnr`, `iteration_0_psnr`. Names are escaped as in messages.
    """
    faces = report["faces"]
    numbers = iteration_numbers(report["convention"], len(faces[0]["iterations"]))
    stages = ["input", *(f"iteration_{number}" for number in numbers)]
    keys = list(faces[0]["input"])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", "degradation", "lists", *(f"{stage}_{key}" for stage in stages for key in keys)])
    for face in faces:
        scores = [face["input"], *face["iterations"]]
        numbers_of_face = [repr(stage[key]) for stage in scores for key in keys]
        texts = (face["name"], face["degradation"], ";".join(face["lists"]))
        writer.writerow([*map(printable, texts), *numbers_of_face])
    return text.getvalue()
