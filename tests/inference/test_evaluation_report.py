import numpy as np
import pytest

from .made_evaluation import DEGRADATIONS, evaluated, report_of


def test_means_are_over_the_images_of_each_group():
    groups = {"one": {"0.png"}, "two": {"0.png", "2.png"}}
    faces = evaluated()
    report = report_of(True, groups, faces)
    assert [(r["degradation"], r["list"], r["faces"]) for r in report["results"]] == [
        (degradation, group, len(members)) for degradation in DEGRADATIONS for group, members in groups.items()
    ]
    for result in report["results"]:
        own = [f for f in faces if f.degradation == result["degradation"] and f.name in groups[result["list"]]]
        for stage, scores in enumerate([result["input"], *result["iterations"]]):
            for key in ("psnr", "ssim"):
                assert scores[key] == pytest.approx(np.mean([face.scores[stage][key] for face in own]))
    assert report["input"]["psnr"] == pytest.approx(np.mean([face.scores[0]["psnr"] for face in faces]))
    assert [face["lists"] for face in report["faces"][:3]] == [["one", "two"], [], ["two"]]
