"""What `prepare` refuses, in one line and without writing anything."""

import os
import shutil

import numpy as np
import pytest
from mfps.priors.landmarks.landmark_file import write_landmarks


def test_a_data_set_without_faces_is_refused(prepared, tmp_path, refused):
    with refused("photos: no face was kept from 10 photographs; first .*: "):
        prepared(tmp_path / "out", least_side=1000)
    with refused("no face was kept from 10 photographs"):  # once more, from the journal
        prepared(tmp_path / "out", least_side=1000)


def test_other_settings_or_photographs_are_refused(prepared, tmp_path, refused, gallery, tree):
    shutil.copytree(gallery / "photos", tmp_path / "photos")
    prepared(tmp_path / "out", photos=tmp_path / "photos")
    before = tree(tmp_path / "out")
    with refused("out: was started with other settings .size 32 -> 40.; give the same ones"):
        prepared(tmp_path / "out", photos=tmp_path / "photos", size=40)
    (tmp_path / "photos" / "one.png").write_bytes(b"another")
    with refused("one.png: was changed since .*out was started"):
        prepared(tmp_path / "out", photos=tmp_path / "photos")
    (tmp_path / "photos" / "one.png").unlink()
    with refused("one.png: is gone since .*out was started"):
        prepared(tmp_path / "out", photos=tmp_path / "photos")
    assert tree(tmp_path / "out") == before


def test_a_renamed_file_of_landmarks_continues_and_a_changed_one_does_not(prepared, tmp_path, refused, gallery):
    prepared(tmp_path / "out")
    shutil.copy(gallery / "marks.xml", tmp_path / "renamed.xml")
    prepared(tmp_path / "out", landmarks=tmp_path / "renamed.xml")
    (tmp_path / "renamed.xml").write_text((gallery / "marks.xml").read_text() + "\n")
    with refused(r"was started with other settings .landmarks marks.xml [0-9a-f]{16} -> renamed.xml [0-9a-f]{16}"):
        prepared(tmp_path / "out", landmarks=tmp_path / "renamed.xml")


@pytest.mark.parametrize("what", ["photos", "labels", "hash"])
def test_a_photograph_that_could_not_be_read_is_tried_again(prepared, tmp_path, gallery, tree, monkeypatch, what):
    shutil.copytree(gallery / "photos", tmp_path / "photos")
    prepared(tmp_path / "whole", photos=tmp_path / "photos")
    whole = tree(tmp_path / "whole")
    real = os.open

    def locked(path, *rest, **how):
        if str(path).endswith(f"{what}/one.png"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *rest, **how)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", locked)
        if what == "hash":  # of a photograph that was read
            patch.setattr("mfps.prepare.cut_files.digest_of", lambda _: None)
        done = prepared(tmp_path / "out", photos=tmp_path / "photos")
        if what != "hash":
            assert "may not be read; check its permissions" in done.dropped["one.png"][0]
        assert prepared(tmp_path / "out", photos=tmp_path / "photos").dropped == done.dropped
    prepared(tmp_path / "out", photos=tmp_path / "photos")
    made = tree(tmp_path / "out")
    assert {name for name in {**whole, **made} if made.get(name) != whole.get(name)} == {".prepare/photographs.jsonl"}


def test_nothing_is_written_in_the_wrong_place(prepared, tmp_path, refused, gallery, tree):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").touch()
    with refused("out: holds other files"):
        prepared(tmp_path / "out")
    with refused("inside: lies inside the folder of the photographs"):
        prepared(gallery / "photos" / "inside")
    shutil.copytree(gallery / "photos", tmp_path / "photos")
    shutil.copy(tmp_path / "photos" / "one.png", tmp_path / "photos" / "one.bmp")
    with refused("two photographs differ only by their suffix"):
        prepared(tmp_path / "new", photos=tmp_path / "photos")
    assert set(tree(tmp_path / "out")) == {"mine.txt"}
    assert not (tmp_path / "new").exists()


def test_missing_weights_are_reported_before_anything_is_written(prepared, tmp_path, refused, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("MFPS_WEIGHTS", raising=False)
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: (_ for _ in ()).throw(OSError("no network")))
    with refused("fan"):
        prepared(tmp_path / "out", landmarks=None, landmarks_by="fan")
    with refused("nowhere: there is no such face parser folder"):
        prepared(tmp_path / "out", labels=None, parser=str(tmp_path / "nowhere"))
    with refused("no.safetensors: there is no such dictionary"):
        prepared(tmp_path / "out", priors=("dictionary",), dictionary=tmp_path / "no.safetensors")
    assert not (tmp_path / "out").exists()


def test_landmarks_of_other_photographs_are_refused(prepared, tmp_path, refused, gallery):
    write_landmarks(tmp_path / "other.json", "ibug68", {"zzz.png": ((64, 64), np.zeros((68, 2)))})
    with refused("names none of the 10 photographs .*; it names zzz.png"):
        prepared(tmp_path / "out", landmarks=tmp_path / "other.json")
    with refused("ibug68 cannot be converted to wflw98 exactly"):
        prepared(tmp_path / "out", scheme="wflw98")
    with refused(r"nowhere\.xml: .*(cannot be read|no such file)"):
        prepared(tmp_path / "out", landmarks=tmp_path / "nowhere.xml")
    assert not (tmp_path / "out").exists()
