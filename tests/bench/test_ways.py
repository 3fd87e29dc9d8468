"""Every network is measured in every way that was asked for; what an exported file does not take is refused."""

import pytest
from mfps.bench.config import BenchConfig
from mfps.bench.ways import Point, Source, labels, ways
from mfps.errors import MfpsError

RUN = Source("runs/a", 128, {("torch", 0): "runs/a"})
FILE = Source("x/a.onnx", 64, {("onnxruntime", 0): "x/a.onnx"}, Point(64, 1, 0))


def config(**values) -> BenchConfig:
    return BenchConfig(network=["-"], **values)


def test_ways_are_the_product_of_what_was_asked_for():
    asked = config(
        batch_sizes="1,4",
        sizes="64,128",
        threads="1,2",
        layouts="channels-last,contiguous",
        precisions="float32,bfloat16",
    )
    found = ways(asked, [RUN, RUN._replace(network="runs/b")])
    assert set(found) == {Point(size, batch, threads) for size in (64, 128) for batch in (1, 4) for threads in (1, 2)}
    for point, compared in found.items():
        assert len({(way.network, way.layout, way.precision) for way in compared}) == 2 * 2 * 2
        assert all(way.point == point for way in compared)


def test_the_size_is_the_trained_one_and_exports_have_no_layout():
    found = ways(config(threads="1"), [RUN, FILE])
    assert list(found) == [Point(128, 1, 1), Point(64, 1, 1)]
    assert found[Point(64, 1, 1)][0].layout == ""


@pytest.mark.parametrize(("asked", "name"), [({"sizes": "128"}, "sizes"), ({"batch_sizes": "2"}, "batch_sizes")])
def test_what_an_exported_file_does_not_take_is_refused(asked, name):
    with pytest.raises(MfpsError, match=rf"x/a.onnx: was exported for `{name}`"):
        ways(config(**asked), [FILE])


def test_labels_are_as_long_as_it_takes_to_differ():
    assert labels(["runs/a", "mfpsnet"]) == {"runs/a": "a", "mfpsnet": "mfpsnet"}
    assert labels(["x/a/n.onnx", "x/b/n.onnx"]) == {"x/a/n.onnx": "a/n.onnx", "x/b/n.onnx": "b/n.onnx"}
    assert labels(["same", "same"]) == {"same": "same"}
