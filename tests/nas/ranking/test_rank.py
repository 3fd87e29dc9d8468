import json

import pytest
from mfps.files.config_model import fill
from mfps.genotypes.genotype_file import write_genotype
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.inference.cost_report import genotype_costs
from mfps.nas.config import SearchConfig
from mfps.nas.ranking.config import RankConfig
from mfps.nas.ranking.rank import rank

SPACE = {"width": 1, "layers": 2}


@pytest.fixture
def genotypes(tmp_path):
    """Five files, and the genotypes in them."""
    made = {}
    for seed in range(5):
        genotype = random_genotype(search_space(**SPACE), seed)
        write_genotype(genotype, tmp_path / f"{seed:02d}.json")
        made[str(tmp_path / f"{seed:02d}.json")] = genotype
    return made


@pytest.fixture
def supernet(opened, tmp_path):
    """A supernet that scores by the hash."""

    def score(genotype):
        return 20 + int(genotype.hash[:4], 16) / 2**16

    opened(SearchConfig(data="faces", out=str(tmp_path / "search"), size=16, blocks=1, base="lowpass", **SPACE), score)
    return score


def ranked(genotypes, folder, **options):
    values = {"genotype": list(genotypes), "supernet": folder / "search", "out": folder / "ranked", **options}
    return rank(fill(RankConfig, values))


def test_a_ranking_is_a_folder(genotypes, supernet, tmp_path, console):
    report = rank(
        fill(RankConfig, {"genotype": list(genotypes), "supernet": tmp_path / "search", "out": tmp_path / "ranked"}),
        console,
    )
    assert {file.name for file in (tmp_path / "ranked").iterdir()} == {"ranking.csv", "ranking.md", "ranking.json"}
    assert json.loads((tmp_path / "ranked" / "ranking.json").read_text()) == report
    assert report["supernet"] == "search"
    assert [row["supernet_psnr"] for row in report["genotypes"]] == sorted(map(supernet, genotypes.values()))[::-1]
    for row in report["genotypes"]:
        genotype = genotypes[row["genotype"]]
        assert row["hash"] == genotype.hash
        cost = genotype_costs(genotype, 16, blocks=1)["total"]
        assert (row["parameters"], row["flops"]) == (cost.parameters, cost.flops)
    assert "rank: 5/5" in console.file.getvalue()


@pytest.mark.slow
def test_with_evaluations_it_is_compared_and_drawn(genotypes, supernet, evaluated, tmp_path):
    for number, genotype in enumerate(genotypes.values()):
        evaluated(tmp_path / "alone" / str(number), genotype, supernet(genotype) + 1)
    report = ranked(genotypes, tmp_path, against=[tmp_path / "alone"])
    files = {"ranking.csv", "ranking.md", "ranking.json", "ranking.png"}
    assert {file.name for file in (tmp_path / "ranked").iterdir()} == files
    (judged, *_) = report["against"]["agreement"]
    assert (judged["predictor"], judged["tau"], judged["tau_interval"]) == ("supernet", 1, (1, 1))
    assert report["against"]["choice"][0]["regret"] == 0
    assert all(row["rank"] == row["supernet_rank"] for row in report["genotypes"])
    backwards = {name: genotypes[name] for name in list(genotypes)[::-1]}
    ranked(backwards, tmp_path, against=[tmp_path / "alone"], out=tmp_path / "again")
    assert (tmp_path / "again" / "ranking.csv").read_bytes() == (tmp_path / "ranked" / "ranking.csv").read_bytes()


@pytest.mark.usefixtures("supernet")
def test_what_cannot_be_ranked_is_refused_before_anything_is_written(genotypes, tmp_path, refused):
    write_genotype(random_genotype(search_space(width=2, layers=2), 0), tmp_path / "wide.json")
    wide = str(tmp_path / "wide.json")
    with refused("wide.json: its upsample branch has the width 2, and the supernet's has 1"):
        ranked([*genotypes, wide], tmp_path)
    with refused("no genotype 'nothing'"):
        ranked(["nothing"], tmp_path)
    with refused("2 genotypes have no order"):
        ranked(list(genotypes)[:2], tmp_path, against=[tmp_path])
    assert not (tmp_path / "ranked").exists()
    (tmp_path / "ranked").mkdir()
    (tmp_path / "ranked" / "mine.txt").touch()
    with refused("ranked: holds another run or other files"):
        ranked(genotypes, tmp_path)


@pytest.mark.usefixtures("genotypes")
def test_a_supernet_that_fails_leaves_nothing(genotypes, opened, tmp_path):
    def score(_):
        raise KeyboardInterrupt

    opened(SearchConfig(data="faces", out="search", size=16, blocks=1, **SPACE), score)
    with pytest.raises(KeyboardInterrupt):
        ranked(genotypes, tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".json"]
