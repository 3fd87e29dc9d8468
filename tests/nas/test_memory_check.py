import re

import pytest
import torch
from mfps.errors import MfpsError
from mfps.nas.config import SearchConfig
from mfps.nas.memory_check import check_memory
from mfps.nas.search import train_supernet

from .test_memory import config

CHANNELS = {"heatmap": 4}
CPU, GPU = torch.device("cpu"), torch.device("cuda")


def checked(given, device=CPU, **free):
    return check_memory(given, {name: CHANNELS[name] for name in given.priors}, device, free)


def changed(given, changes):
    """A configuration with changes as a message names them."""
    values = given.model_dump(exclude_unset=True)
    for field, value in changes:
        values[field] = () if value == "none" else value.split(",") if field == "priors" else value
        if field == "strategy":
            values["solver"] = "adam"
            values.pop("mixing", None)  # which it does not have
    return SearchConfig.model_validate(values, strict=False)


WIDE = config(priors="heatmap", mixing="output", layers=1, fusion_layers=1, width=4, size=64)
DRAWN = config(strategy="single-path", size=128, layers=1, batch_size=1)


@pytest.mark.parametrize(("given", "share"), [
    (WIDE, 0.8), (WIDE, 0.05), (DRAWN, 0.5), (config(size=64, batch_size=8, layers=1), 0.3),
])  # fmt: skip
def test_each_change_that_is_named_makes_the_search_fit(given, share):
    free = int(share * checked(given).total)
    with pytest.raises(MfpsError) as raised:
        checked(given, cpu=free)
    message = str(raised.value)
    assert "\n" not in message
    assert message.startswith("the search needs ")
    remedies = message.partition("what would fit: ")[2]
    assert remedies
    alternatives = [remedies] if " with " in remedies else remedies.split(", or ")
    for alternative in alternatives:
        fits = changed(given, re.findall(r"`(\w+)` (\S+)", alternative))
        assert checked(fits, cpu=free).total <= free


def test_where_nothing_fits_the_message_says_so():
    with pytest.raises(MfpsError, match="nothing smaller would fit either"):
        checked(config(layers=1), cpu=1000)


def test_what_is_not_known_is_not_refused():
    assert checked(config(layers=1)) == checked(config(layers=1), cpu=10**12)


def test_a_search_is_refused_where_it_runs_and_where_it_is_saved():
    given = config(size=128, layers=1)
    needed = checked(given)
    assert checked(given, GPU, cuda=needed.training, cpu=needed.total) == needed
    with pytest.raises(MfpsError, match=r"on the GPU, of which .* are free"):
        checked(given, GPU, cuda=needed.training - 1, cpu=10**12)
    with pytest.raises(MfpsError, match=r"on this machine, of which .* are free"):
        checked(given, GPU, cuda=10**12, cpu=needed.checkpoint)


def test_processes_on_one_machine_share_its_memory():
    given = config(devices=4, layers=1)
    own = checked(given).training
    with pytest.raises(MfpsError, match="of memory on this machine"):
        checked(given, cpu=3 * own)


def test_a_search_says_what_it_needs_or_is_refused_before_anything_is_made(
    drawn_folder, tmp_path, console, monkeypatch, refused
):
    given = {"val_list": "val.txt", "epochs": 1, "warmup_epochs": 0, "max_steps": 1, "device": "cpu"}
    small = config(**given).model_copy(update={"data": drawn_folder, "out": tmp_path / "run"})
    monkeypatch.setattr("mfps.nas.memory_check.free_memory", lambda _: 10**6)
    with refused("the search needs .* of memory on this machine, of which 1 MB are free"):
        train_supernet(small, console)
    assert not (tmp_path / "run").exists()
