from pathlib import Path

import pytest
from mfps.files.config_model import fill
from mfps.inference.config import EvaluateConfig, RestoreConfig

PLACES = {"weights": "run", "data": "faces", "out": "new"}


def test_one_value_is_a_list_of_one():
    config = EvaluateConfig.model_validate({**PLACES, "list": "val.txt", "degradation": "full:0.5,blur:0.5"})
    assert (config.list, config.degradation) == ((Path("val.txt"),), ("full:0.5,blur:0.5",))


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"degradation": ["full", "blur", "full"]}, "`degradation` 'full' is given twice"),
        ({"list": ["a/val.txt", "b/val.txt"]}, "`list`: two lists have the same name"),
        ({"size": 0}, "`size`: must be greater than or equal to 8"),
        ({"size": 20}, "`size`: must be a multiple of 8"),
        ({"drop_prior": "nose"}, "`drop_prior`: unknown prior 'nose'"),
        ({"seed": 2**31}, "`seed`: must be less than"),
        ({"pairs": "low", "degradation": "full"}, "`pairs` and `degradation` full exclude each other"),
        ({"degradation": "given pairs"}, "name the folder of the degraded faces as `pairs`"),
    ],
)
def test_what_cannot_be_asked_for(wrong, rule, refused):
    with refused(rule):
        fill(EvaluateConfig, {**PLACES, **wrong})


def test_a_side_is_a_multiple_of_8_wherever_it_is_given(refused):
    with refused("`size`: must be a multiple of 8"):
        fill(RestoreConfig, {"weights": "run", "source": "faces", "out": "new", "size": 12})
