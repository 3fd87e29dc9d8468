"""What stands in a picture of a front, and that no label lies on another or on a mark."""

import re
from itertools import combinations, pairwise

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Annotation
from mfps.genotypes.drawing import front_figure
from mfps.genotypes.drawing.front_figure import draw_front
from mfps.genotypes.evaluations import measured
from mfps.genotypes.front import Baseline, Counted, Front, Limits, Member, Tally
from mfps.genotypes.genotype_file import read_genotype

GENOTYPE = read_genotype("mfpsnet")
HASH = "a" * 64


def a_front(count, seed=0, cost="flops", limit=2.0, names=("decoded", "cheapest", "published mfpsnet", "random 1")):
    rng = np.random.default_rng(seed)
    costs, psnr = np.sort(rng.uniform(0.5, 2, count)), np.sort(rng.uniform(20, 23, count))
    members = [
        Member(number=i, file=f"front/{i:02d}.json", hash=HASH, psnr=p, gflops=c, parameters=int(c * 1e6), origin="a")
        for i, (c, p) in enumerate(zip(costs.tolist(), psnr.tolist(), strict=True))
    ]
    baselines = [
        Baseline(
            name=name, hash=HASH, psnr=float(rng.uniform(20, 22)), gflops=float(rng.uniform(0.5, 2)), parameters=10**6
        )
        for name in names
    ]
    return Front(
        schema="mfps.front/1",
        supernet=HASH,
        cost=cost,
        counted=Counted(size=64, iterations=2),
        budget=Limits(max_gflops=limit, max_parameters=None if limit is None else int(limit * 1e6)),
        evaluated=Tally(starters=1, paths=2, generations=3, earlier=4),
        members=members,
        baselines=baselines,
    )


def evaluated(front, count=50, seed=1):
    rng = np.random.default_rng(seed)
    return [
        measured(GENOTYPE, float(rng.uniform(19, 21)), (10**6, int(rng.uniform(0.6e9, 2e9))), HASH)
        for _ in range(count)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_the_same_front_makes_the_same_bytes(tmp_path, suffix):
    front = a_front(9)
    first, second = (draw_front(front, evaluated(front), tmp_path / f"{i}.{suffix}").read_bytes() for i in (1, 2))
    assert first == second
    assert first.startswith({"svg": b"<?xml", "png": b"\x89PNG"}[suffix])


@pytest.mark.slow
@pytest.mark.parametrize("cost", ["flops", "parameters"])
def test_everything_is_named(tmp_path, cost):
    front = a_front(6, cost=cost)
    drawn = draw_front(front, evaluated(front), tmp_path / "a.svg").read_text()
    texts = set(re.findall(r">([^<>]+)</text>", drawn))
    assert {"decoded", "cheapest", "published mfpsnet", "random 1", "budget"} <= texts
    assert {str(number) for number in range(6)} <= texts
    unit = {"flops": "GFLOPs of the whole network (one face of 64 x 64 pixels, 2 iterations)"}
    assert unit.get(cost, "million parameters of the whole network") in texts
    assert "6 of 50 evaluated genotypes are on the front" in texts


@pytest.mark.slow
def test_what_was_not_measured_is_not_drawn_and_names_are_texts(tmp_path):
    front = a_front(1, limit=None, names=("$x^2$ <b>", "random 1"))
    unmeasured = front.baselines[1].model_copy(update={"psnr": None})
    front = front.model_copy(update={"baselines": [front.baselines[0], unmeasured]})
    drawn = draw_front(front, [], tmp_path / "a.svg").read_text()
    assert "$x^2$ &lt;b&gt;" in drawn
    assert "random 1" not in drawn
    assert "budget" not in drawn


@pytest.mark.slow
@given(st.integers(1, 60), st.integers(0, 10**6))
@settings(max_examples=5)
def test_no_label_lies_on_another_or_on_a_mark(tmp_path_factory, count, seed):
    front, drawn = a_front(count, seed), []
    real = front_figure._draw_labels

    def keep(axes, front):
        real(axes, front)
        labels = [child for child in axes.get_children() if isinstance(child, Annotation)]
        marks = axes.transData.transform([(m.gflops, m.psnr) for m in front.members])
        drawn.append(([(label.get_text(), label.get_window_extent()) for label in labels], marks, axes.bbox))

    with pytest.MonkeyPatch.context() as patch, mpl.rc_context():
        patch.setattr(front_figure, "_draw_labels", keep)
        draw_front(front, evaluated(front), tmp_path_factory.mktemp("f") / "a.png")
    ((labels, marks, frame),) = drawn
    numbers = [(text, box) for text, box in labels if text.isdecimal()]
    assert len(numbers) >= min(count, 3)
    assert {text for text, _ in labels} >= {"decoded", "cheapest", "published mfpsnet", "random 1"}
    for (_, one), (_, other) in combinations(numbers, 2):
        assert not one.overlaps(other)
    for _, box in numbers:
        assert not any(box.contains(*mark) for mark in marks)
        assert frame.x0 - 1 <= box.x0
        assert box.y1 <= frame.y1 + 5
    assert all(a.psnr <= b.psnr for a, b in pairwise(front.members))
