"""The figure of a study's learning curves."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from ..errors import shortened
from ..genotypes.drawing import palette
from ..genotypes.drawing.chart import chart, lay_grid
from .arm_marks import MOST_LETTERS
from .forest import open_frame


def learning_curves_png(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The validation PSNR of every network after each of its epochs, as the report has it."""
    with chart(7.6, 4.6) as (figure, content):
        axes = figure.add_subplot()
        colours, styles = cycle(palette.BRANCH_COLOURS.values()), ("solid", "dashed", "dotted")
        for number, (row, colour) in enumerate(zip(rows, colours, strict=False)):
            style = styles[number // len(palette.BRANCH_COLOURS)]
            for curve in row["trainings"]:
                axes.plot(range(1, len(curve) + 1), curve, ls=style, color=palette.tint(colour, 0.5), lw=0.8)
            common = min(map(len, row["trainings"]))
            mean = np.mean([curve[:common] for curve in row["trainings"]], axis=0)
            name = shortened(row["network"], MOST_LETTERS)
            axes.plot(range(1, common + 1), mean, ls=style, color=colour, lw=2, label=name)
        axes.set_xlabel("epoch")
        axes.set_ylabel("PSNR on the validation faces (dB)")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.ticklabel_format(axis="y", useOffset=False)
        axes.tick_params(labelsize=8)
        lay_grid(axes)
        open_frame(axes)
        for text in axes.legend(frameon=False, fontsize=8).get_texts():
            text.set_parse_math(False)
    return content.getvalue()
