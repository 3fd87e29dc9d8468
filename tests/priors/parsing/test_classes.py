from mfps.priors.parsing.classes import CELEBAMASK_CLASSES, CELEBAMASK_FLIP_PAIRS


def test_classes():
    assert len(CELEBAMASK_CLASSES) == 19
    for left, right in CELEBAMASK_FLIP_PAIRS:
        assert CELEBAMASK_CLASSES[left].removeprefix("l_") == CELEBAMASK_CLASSES[right].removeprefix("r_")
