import pytest
from mfps.genotypes.operations import PUBLISHED_OPERATIONS
from mfps.nas.report.texts import _ranges, alarm_rows, budget_text, duration, score_of, settings


@pytest.mark.parametrize(("numbers", "text"), [
    ([], ""), ([3], "3"), ([1, 2, 3, 7], "1\u20133, 7"), ([1, 3, 4], "1, 3\u20134"),
])  # fmt: skip
def test_epochs_as_ranges(numbers, text):
    assert _ranges(numbers) == text


def test_an_alarm_has_a_row_with_all_its_epochs_and_its_last_value():
    alarm = {"name": "idle", "branch": "upsample", "threshold": 0.02, "remedy": "Do."}
    history = [
        {"epoch": 1, "alarms": [{**alarm, "value": 0.01}]},
        {
            "epoch": 2,
            "alarms": [{**alarm, "value": 0.0123456}, {**alarm, "name": "gap", "branch": None, "value": None}],
        },
        {"epoch": 3, "alarms": ["damaged", {}]},
        {"epoch": 4, "alarms": 7},
        {"epoch": 5},
    ]
    rows = alarm_rows(history)
    assert rows == [
        ("idle", "upsample", "1\u20132", "0.0123", "0.02", "Do."),
        ("gap", "", "2", "?", "0.02", "Do."),
    ]


def test_the_score_is_that_of_the_statistics_that_count():
    assert score_of({"psnr": {"input": 20.0, "stored": [1.0], "reestimated": [2.0, 3.0]}}) == 3.0
    assert score_of({"psnr": {"restricted": [1.0]}}) == 1.0
    for damaged in ({}, {"psnr": 3}, {"psnr": {"stored": 3}}, {"psnr": {"stored": []}}, {"psnr": {"stored": ["x"]}}):
        assert score_of(damaged) is None


def test_settings_tell_data_from_the_rest_and_choices_from_defaults():
    config = {"data": "photos", "size": 64, "degradation": "full", "width": 8, "epochs": 7,
              "operations": list(PUBLISHED_OPERATIONS), "fix": {"upsample": "x"}, "from_the_future": None}  # fmt: skip
    data, others = settings(config)
    assert data == [("data", "photos", True), ("size", "64", True), ("degradation", "full", False)]
    assert others == [
        ("width", "8", False),
        ("epochs", "7", True),
        ("operations", ", ".join(PUBLISHED_OPERATIONS), False),
        ("fix", "upsample=x", True),
        ("from_the_future", "none", False),
    ]


def test_limits_that_limit_nothing_are_not_named():
    limits = {"max_gflops": 5.12345, "min_gflops": None, "max_parameters": 3_000_000, "min_parameters": None}
    assert budget_text(limits) == "at most 5.123 GFLOPs and at most 3,000,000 parameters"
    assert budget_text({}) == ""


def test_times_are_for_people():
    assert duration(3723.4) == "1:02:03"
