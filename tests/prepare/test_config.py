import shutil

import pytest
from mfps.errors import MfpsError
from mfps.prepare.config import BY_HASH, PrepareConfig, known_by_content
from pydantic import ValidationError


def config(**settings):
    return PrepareConfig.model_validate({"photos": "a", "out": "b", "priors": ("heatmap",), **settings})


def test_links_may_be_followed_in_a_data_set_begun_without(tmp_path):
    assert config(follow_links=True).settings == config().settings


def settings_of(folder, **more):
    return config(
        landmarks=folder / "marks", labels=folder / "labels", dictionary=folder / "d", parser=str(folder / "p"), **more
    ).settings


def test_the_settings_do_not_depend_on_places_and_speed(tmp_path):
    for name in ("marks", "labels"):
        (tmp_path / "one" / name).mkdir(parents=True)
    (tmp_path / "one" / "d").write_bytes(b"dictionary")
    (tmp_path / "one" / "marks" / "a.pts").write_text("points")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    first = settings_of(tmp_path / "one")
    assert settings_of(tmp_path / "two", workers=7, device="cuda", weights_dir=tmp_path) == first
    assert str(tmp_path) not in str(first)
    for name, value in {"size": 64, "seed": 1, "val": 0.5, "aligned": True, "label_order": "bisenet"}.items():
        assert settings_of(tmp_path / "one", **{name: value}) != first


def test_what_is_known_by_content_may_have_another_name(tmp_path):
    for folder, names in (("one", ("marks", "labels", "d", "p")), ("two", ("points", "maps", "e", "q"))):
        for name in names[:2]:
            (tmp_path / folder / name).mkdir(parents=True)
        (tmp_path / folder / names[0] / "a.pts").write_text("points")
        (tmp_path / folder / names[2]).write_bytes(b"dictionary")
    networks = {"parsing": {"model": "p", "sha256": "1" * 64}}
    first = {**settings_of(tmp_path / "one"), "networks": networks}
    marks, labels, dictionary, parser = (tmp_path / "two" / name for name in ("points", "maps", "e", "q"))
    renamed = config(landmarks=marks, labels=labels, dictionary=dictionary, parser=str(parser)).settings
    renamed["networks"] = {"parsing": {"model": "q", "sha256": "1" * 64}}
    assert renamed != first
    assert known_by_content(renamed) == known_by_content(first)
    for name in BY_HASH:
        assert known_by_content({**first, name: first[name][:-1] + "x"}) != known_by_content(first)
    other = {**first, "networks": {"parsing": {"model": "p", "sha256": "2" * 64}}}
    assert known_by_content(other) != known_by_content(first)
    assert known_by_content({**first, "size": 64}) != known_by_content(first)


@pytest.mark.parametrize("changed", ["marks/a.pts", "marks/b.pts", "labels/a.png", "d"])
def test_they_depend_on_what_is_in_the_files(tmp_path, changed):
    for name in ("marks", "labels"):
        (tmp_path / name).mkdir()
    for name in ("marks/a.pts", "labels/a.png", "d"):
        (tmp_path / name).write_text("before")
    before = settings_of(tmp_path)
    (tmp_path / changed).write_text("after")
    assert settings_of(tmp_path) != before


def test_priors_have_one_order():
    assert config(priors=("heatmap", "parsing")).priors == ("parsing", "heatmap")
    assert config(priors=()).priors == ()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"priors": ("nose",)}, "unknown prior 'nose': choose from parsing, heatmap, dictionary"),
        ({"priors": ("dictionary",)}, "needs a `dictionary` file"),
        ({"made_from": "thin air"}, "'clean', 'degraded' or 'coarse'"),
        ({"scheme": "oval"}, "'oval' is not known"),
        ({"val": 0.5, "test": 0.5}, "leave no face to train on"),
        ({"size": 20}, "multiple of 8"),
        ({"label_order": "mine"}, "celebamask"),
        ({"max_megapixels": float("nan")}, "max_megapixels"),
    ],
)
def test_refused(settings, said):
    with pytest.raises(ValidationError, match=said):
        config(**settings)


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(MfpsError, match="labels: there is no such file or folder; check `labels`"):
        _ = config(labels=tmp_path / "labels").settings
