import json
import os
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.errors import MfpsError
from mfps.files.done_journal import DoneJournal

SETTINGS = {"size": 32, "name": "ü"}


def written(folder, count):
    file = folder / "journal.jsonl"
    file.unlink(missing_ok=True)
    journal = DoneJournal(file, SETTINGS)
    for number in range(count):
        journal.add(f"{number}.jpg", value=number, text='line\nbreak "ü"')
    return file, journal.entries


def test_it_continues_where_it_stopped(tmp_path):
    file, entries = written(tmp_path / "deep", 3)
    again = DoneJournal(file, SETTINGS)
    assert again.entries == entries
    again.add("new.jpg", value=9)
    assert list(DoneJournal(file, SETTINGS).entries) == [*entries, "new.jpg"]


@given(st.integers(0, 10**6))
@settings(max_examples=60)
def test_wherever_it_is_cut_off_whole_lines_are_kept(tmp_path, place):
    file, entries = written(tmp_path, 4)
    content = file.read_bytes()
    first = content.index(b"\n") + 1
    place = first + place % (len(content) - first)
    file.write_bytes(content[:place])
    kept = DoneJournal(file, SETTINGS).entries
    whole = content[:place].count(b"\n") - 1
    assert list(kept.items())[:whole] == list(entries.items())[:whole]
    assert len(kept) - whole in (0, 1)  # only the line's end may be missing
    DoneJournal(file, SETTINGS).add("next.jpg", value=1)
    assert all(json.loads(line) for line in file.read_text().splitlines())


@given(st.binary(max_size=60), st.integers(0, 200))
@settings(max_examples=100)
def test_damage_is_survived_or_refused_in_one_line(tmp_path, damage, place):
    file, entries = written(tmp_path, 2)
    content = file.read_bytes()
    file.write_bytes(content[:place] + damage + content[place + len(damage) :])
    message = ""
    try:
        kept = DoneJournal(file, SETTINGS).entries
        assert len(kept) <= len(entries) + len(damage)
    except MfpsError as error:
        message = str(error)
    assert len(message.splitlines()) <= 1
    assert len(message) < 600


def test_other_settings_are_named(tmp_path, refused):
    file, _ = written(tmp_path / "out" / ".prepare", 1)
    with refused("out: was started with other settings .size 32 -> 40.; give the same ones to continue"):
        DoneJournal(file, {**SETTINGS, "size": 40})
    with refused("extra None -> 1"):
        DoneJournal(file, {**SETTINGS, "extra": 1})
    with refused("name ü -> None"):
        DoneJournal(file, {"size": 32})


def test_what_is_done_is_on_the_disk(tmp_path, monkeypatch):
    journal = DoneJournal(tmp_path / "journal.jsonl", SETTINGS)
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(Path(f"/proc/self/fd/{descriptor}").read_text()))
    journal.add("a.jpg", value=1)
    assert synced == [journal.file.read_text()]


def test_a_full_disk_is_named(tmp_path, monkeypatch, refused):
    journal = DoneJournal(tmp_path / "journal.jsonl", SETTINGS)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with refused("journal.jsonl: cannot be written .No space left on device.; .*the same command to continue"):
        journal.add("a.jpg", value=1)
    assert not journal.entries
