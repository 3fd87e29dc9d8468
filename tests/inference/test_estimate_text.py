from mfps.inference.estimate_text import estimate_text


def test_an_estimate_stands_with_its_interval():
    assert estimate_text(0.125, (-1.0, 2.5)) == "0.12 [-1.00, 2.50]"
    assert estimate_text(0.5, (0.0, 1.0), 1, "+") == "+0.5 [0.0, 1.0]"
    assert estimate_text(0.5, None, 1) == "0.5"
    assert estimate_text(-0.001, (-0.001, 0.0), 1, "+") == "+0.0 [0.0, 0.0]"
    assert estimate_text(None, None) == "none"
