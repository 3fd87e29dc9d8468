"""A member of a front, wherever a genotype is named: RUN#3."""

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.errors import MfpsError
from mfps.files.sealed_json import check_of
from mfps.genotypes.front import FRONT, Baseline, Counted, Front, Limits, Member, Tally, read_front, read_member
from mfps.genotypes.genotype import Genotype
from mfps.genotypes.genotype_file import read_genotype
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.schemas import json_schema
from mfps.genotypes.space import search_space

GENOTYPES = [random_genotype(search_space(width=1, layers=2), seed) for seed in range(12)]


def front_of(genotypes=GENOTYPES, **changes):
    members = [
        Member(
            number=i,
            file=f"front/{i:02d}.json",
            hash=genotype.hash,
            psnr=20 + i / 7,
            gflops=0.1 + i / 3,
            parameters=1000 * i,
            origin=f"generation {i}",
        )
        for i, genotype in enumerate(genotypes)
    ]
    baselines = [
        Baseline(name="decoded", hash=GENOTYPES[0].hash, psnr=20.5, gflops=1.5, parameters=10),
        Baseline(name="random 1", hash=GENOTYPES[1].hash, psnr=None, gflops=9.5, parameters=10),
    ]
    given_ = {
        "schema": "mfps.front/1",
        "supernet": "a" * 64,
        "cost": "flops",
        "counted": Counted(size=64, iterations=1),
        "budget": Limits(max_gflops=5.0),
        "evaluated": Tally(starters=1, paths=2, generations=3, earlier=4),
        "members": members,
        "baselines": baselines,
    }
    return Front(**{**given_, **changes})


def write_run(folder, genotypes=GENOTYPES):
    (folder / "front").mkdir(parents=True)
    for i, genotype in enumerate(genotypes):
        (folder / "front" / f"{i:02d}.json").write_text(genotype.to_json())
    (folder / FRONT).write_text(front_of(genotypes).to_json())
    (folder / "genotype.json").write_text(genotypes[-1].to_json())
    return folder


def test_what_is_written_is_read_back_and_the_schema_accepts_it(tmp_path):
    run = write_run(tmp_path / "run")
    assert read_front(run) == front_of()
    assert read_front(run).to_json() == (run / FRONT).read_text()
    jsonschema.validate(json.loads((run / FRONT).read_text()), json_schema("front"))


@pytest.mark.parametrize("name", ["run", "runs#1/search#3", "run@7"])
def test_every_member_is_named_by_its_number(tmp_path, monkeypatch, name):
    run = write_run(tmp_path / name)
    for number, genotype in enumerate(GENOTYPES):
        for named in (f"{run}#{number}", f"{run}/#{number}", run / "front" / f"{number:02d}.json"):
            assert read_genotype(named).hash == genotype.hash
    monkeypatch.chdir(tmp_path)
    assert Genotype.load(f"{name}#11").hash == read_genotype(name).hash == GENOTYPES[-1].hash


def test_what_exists_under_the_whole_name_comes_first(tmp_path):
    run = write_run(tmp_path / "run")
    write_run(tmp_path / "run#1", GENOTYPES[5:7])
    assert read_genotype(f"{run}#1").hash == GENOTYPES[6].hash
    assert read_genotype(f"{run}#1#0").hash == GENOTYPES[5].hash
    (tmp_path / "run#2").write_text(GENOTYPES[7].to_json())
    assert read_genotype(tmp_path / "run#2").hash == GENOTYPES[7].hash


def test_a_member_that_is_not_there(tmp_path, refused):
    run, small = write_run(tmp_path / "run"), write_run(tmp_path / "small", GENOTYPES[:2])
    (tmp_path / "empty").mkdir()
    for named, rule in (
        (f"{run}#12", "run: its front has no member 12; it has 0 to 11$"),
        (f"{small}#2", "small: its front has no member 2; it has 0, 1$"),
        (f"{tmp_path}/empty#0", "empty: holds no front.json; make it with `mfps select"),
        (f"{run}#best", "no genotype '.*run#best'.*RUN#3 for member 3 of its front"),
        (f"{run}#{'1' * 10}", "no genotype"),
        (f"{run}#\u0661", "no genotype"),
        (f"{run}#", "no genotype"),
        ("mfpsnet#1", "no genotype 'mfpsnet#1'"),
        ("#1", "no genotype"),
    ):
        with refused(rule):
            read_genotype(named)


@given(st.integers(0, 10**6), st.characters(min_codepoint=32, max_codepoint=126))
def test_an_edited_front_is_refused(tmp_path_factory, place, character):
    folder = tmp_path_factory.mktemp("edited")
    text = front_of(GENOTYPES[:3]).to_json()
    place %= len(text)
    (folder / FRONT).write_text(text[:place] + character + text[place + 1 :])
    message = ""
    try:
        assert read_front(folder) == front_of(GENOTYPES[:3])  # a space between two values, say
    except MfpsError as error:
        message = str(error)
    assert not message or message.startswith(f"{folder / FRONT}: ")
    assert "\n" not in message


def test_a_front_with_a_digest_of_its_own_must_still_be_one(tmp_path, refused):
    content = json.loads(front_of().to_json())
    del content["digest"]
    members = content["members"]
    for change, rule in (
        ({"schema": "mfps.front/2"}, "this version reads a front of schema 'mfps.front/1' only"),
        ({"members": [{**members[0], "file": "../secret.json"}]}, r"members\[0\].file: "),
        ({"members": []}, "members: "),
        ({"supernet": 3}, "supernet: must be a string"),
        ({"note": 1}, "note: is not permitted"),
    ):
        forged = {**content, **change}
        (tmp_path / FRONT).write_text(json.dumps({**forged, "digest": check_of(forged)}))
        with refused(f"front.json: {rule}"):
            read_front(tmp_path)
    for text, rule in (("[]", "this version reads"), ("{", "not JSON"), ('{"a": 1, "a": 2}', "occurs twice")):
        (tmp_path / FRONT).write_text(text)
        with refused(f"front.json: .*{rule}"):
            read_front(tmp_path)


def test_a_members_file_that_is_another_genotype_is_refused(tmp_path, refused):
    run = write_run(tmp_path / "run")
    (run / "front" / "03.json").write_text(GENOTYPES[4].to_json())
    with refused(
        "front/03.json: not the genotype of member 3 in front.json: it was changed, or a selection was killed"
    ):
        read_member(run, 3)
    (run / "front" / "03.json").unlink()
    with refused("no genotype '.*front/03.json'"):
        read_genotype(f"{run}#3")
