"""The folders of visits: one photograph each, and nothing that outlives its visit."""

import os
import time

import pytest
from mfps.errors import MfpsError
from mfps.serve.visits import ARRIVING_S, MOST_VISITS, Visits


@pytest.fixture
def visits(tmp_path):
    return Visits(tmp_path)


@pytest.fixture
def arrive(tmp_path):
    """`arrive(name)`: an upload, as gradio lays it down."""

    def put(name="a.png", digest="0" * 64):
        (tmp_path / digest).mkdir(exist_ok=True)
        (tmp_path / digest / name).write_text(name)
        return tmp_path / digest / name

    return put


def files(folder):
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_a_photograph_moves_in_and_takes_the_place_of_the_one_before(visits, arrive, tmp_path):
    for name in ("a.png", "b.png"):
        photo = visits.take("one", arrive(name))
        assert photo == visits.photograph("one")
        assert photo.name == name
        (visits.empty_folder("one", "restored") / "result.png").write_text("restored")
        assert files(tmp_path) == {name, "result.png"}
    assert not list(visits.empty_folder("one", "restored").iterdir())
    assert len(list(tmp_path.iterdir())) == 1


def test_a_visit_ends_without_a_trace_and_the_others_go_on(visits, arrive, tmp_path):
    visits.take("one", arrive("a.png"))
    visits.take("two", arrive("b.png"))
    visits.end("one")
    visits.end("nobody")
    assert files(tmp_path) == {"b.png"}
    for call in (lambda: visits.photograph("one"), lambda: visits.empty_folder("one", "seen")):
        with pytest.raises(MfpsError, match="no longer kept; drop it again"):
            call()
    assert visits.take("one", arrive("c.png")).read_text() == "c.png"


def test_nobody_can_name_or_guess_a_folder(visits, arrive, tmp_path):
    photo = visits.take("../../etc", arrive())
    assert photo.parent.parent.parent == tmp_path
    assert "etc" not in str(photo.relative_to(tmp_path))


def test_the_quietest_visit_makes_room(visits, arrive):
    for number in range(MOST_VISITS):
        visits.take(str(number), arrive(f"{number}.png", f"{number:064}"))
    visits.photograph("0")
    visits.take("another", arrive("n.png", "n" * 64))
    assert visits.photograph("0").name == "0.png"
    with pytest.raises(MfpsError):
        visits.photograph("1")


def test_an_upload_that_is_gone_is_told(visits, tmp_path):
    with pytest.raises(MfpsError, match=r"^a.png: is no longer there; drop it again"):
        visits.take("one", tmp_path / ("0" * 64) / "a.png")


def test_only_what_nobody_took_for_long_is_swept_away(visits, arrive, tmp_path):
    visits.take("one", arrive("a.png"))
    arrive("new.png", "1" * 64)
    old = arrive("old.png", "2" * 64).parent
    partial = tmp_path / "tmpabc"
    partial.write_text("cut off")
    long_ago = time.time() - ARRIVING_S - 1
    for path in (old, partial, *(folder for folder in tmp_path.iterdir() if folder.name.startswith("visit"))):
        os.utime(path, (long_ago, long_ago))
    assert visits.bytes_kept() == sum(map(len, ("a.png", "new.png", "old.png", "cut off")))
    visits.sweep()
    assert files(tmp_path) == {"a.png", "new.png"}
