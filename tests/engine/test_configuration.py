from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from mfps.engine.configuration import PRESETS, config_values, read_preset, resolve, write_config
from mfps.errors import MfpsError
from mfps.files.config_model import read_yaml
from mfps.files.yaml_text import plain_yaml, read_plain_yaml
from mfps.nas.config import SearchConfig
from mfps.retrain.config import RetrainConfig

from ..hostile.bad_names import NAMES, TEXTS

STAGES = {"search": SearchConfig, "retrain": RetrainConfig}
NEEDED = {"data": "faces", "out": "run", "genotype": "mfpsnet"}


def needed(stage):
    return {name: value for name, value in NEEDED.items() if name in STAGES[stage].model_fields}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_a_valid_configuration(stage, preset):
    config = resolve(STAGES[stage], preset, None, needed(stage))
    for name, value in read_preset(preset, stage).items():
        assert getattr(config, name) == value


def test_the_published_preset_is_the_defaults():
    for stage, model in STAGES.items():
        for name, value in read_preset("published", stage).items():
            assert model.model_fields[name].default == value, (stage, name)


@pytest.mark.parametrize("stage", STAGES)
def test_the_published_network_has_no_base_and_both_stages_of_a_preset_the_same(stage):
    bases = {preset: resolve(STAGES[stage], preset, None, needed(stage)) for preset in PRESETS}
    found = {preset: (config.base, config.base_window) for preset, config in bases.items()}
    assert found == {"tiny": ("lowpass", 2), "small": ("lowpass", 4), "published": ("none", 4)}


def test_options_override_the_file_and_the_file_the_preset(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("epochs: 7\nbatch-size: 3\n")
    config = resolve(SearchConfig, "tiny", file, {**needed("search"), "batch_size": 5, "size": None})
    assert (config.epochs, config.batch_size, config.size) == (7, 5, read_preset("tiny", "search")["size"])


@pytest.mark.parametrize("stage", STAGES)
def test_a_written_configuration_reads_back(stage, tmp_path):
    options = {**needed(stage), "priors": "heatmap,parsing", "seed": 3}
    config = resolve(STAGES[stage], "small", None, options)
    write_config(config, tmp_path / "config.yaml")
    assert resolve(STAGES[stage], "published", tmp_path / "config.yaml", {}) == config
    assert config.priors == ("parsing", "heatmap")


@pytest.mark.parametrize("stage", STAGES)
def test_a_degradation_is_read_when_it_is_given_and_kept_without_spaces(stage, tmp_path, refused):
    options = {**needed(stage), "degradation": " grey | blur( 6, 12.0 ) : 0.50 , full"}
    config = resolve(STAGES[stage], "tiny", None, options)
    assert config.degradation == "grey|blur(6,12):0.5,full"
    write_config(config, tmp_path / "config.yaml")
    assert resolve(STAGES[stage], "tiny", tmp_path / "config.yaml", {}) == config
    with refused(r"`degradation`: 'blur\(6\)': blur takes 2 numbers"):
        resolve(STAGES[stage], "tiny", None, options | {"degradation": "blur(6)"})


def test_a_batch_is_divided_without_remainder(refused):
    whole = {"batch_size": 12, "devices": 2, "num_nodes": 3, "accumulate": 2}
    assert resolve(SearchConfig, "tiny", None, {**needed("search"), **whole}).batch_size == 12
    with refused(
        "`batch_size` 8 cannot be divided among `devices` 2 x `num_nodes` 3 x `accumulate` 2: .* multiple of 12"
    ):
        resolve(SearchConfig, "tiny", None, {**needed("search"), **whole, "batch_size": 8})


def test_a_run_is_continued_or_removed(refused):
    with refused("`resume` and `overwrite` exclude each other"):
        resolve(SearchConfig, "tiny", None, {**needed("search"), "resume": True, "overwrite": True})


def test_how_a_run_is_started_is_not_part_of_it(tmp_path):
    for flag in ("resume", "overwrite"):
        write_config(resolve(SearchConfig, "tiny", None, {**needed("search"), flag: True}), tmp_path / "c.yaml")
        assert flag not in (tmp_path / "c.yaml").read_text()


def test_iterations_default_to_what_the_network_can_use():
    def passes(**options):
        return resolve(SearchConfig, "tiny", None, {**needed("search"), **options}).passes

    assert (passes(), passes(priors="heatmap"), passes(iterations=3)) == (1, 2, 3)


@given(st.one_of(st.text(), st.dictionaries(st.text(), st.one_of(st.integers(), st.text(), st.none()))))
def test_any_text_is_a_configuration_or_an_error_of_one_line(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    text = content if isinstance(content, str) else yaml.safe_dump(content)
    file.write_text(text, encoding="utf-8", errors="replace")
    message = f"{file.name}: fine"
    try:
        resolve(SearchConfig, "tiny", file, needed("search"))
    except MfpsError as error:
        message = str(error)
    assert "\n" not in message
    assert "any.yaml" in message or "`" in message


def test_unknown_preset():
    with pytest.raises(MfpsError, match="tiny, small, published"):
        read_preset("huge", "search")


def test_a_file_names_a_preset_and_the_command_line_another(tmp_path, refused):
    file = tmp_path / "c.yaml"
    file.write_text("preset: tiny\n")

    def size(preset):
        return resolve(SearchConfig, preset, file, needed("search")).size

    assert size(None) == read_preset("tiny", "search")["size"]
    assert size("small") == read_preset("small", "search")["size"]
    for wrong in ("huge", "[tiny]", "3", "{a: b}"):
        file.write_text(f"preset: {wrong}\n")
        with refused("c.yaml: unknown preset .*: choose from tiny, small, published"):
            size(None)


@given(TEXTS)
@example("\x85")
@example("\udcff")
def test_any_text_in_a_configuration_is_read_back(tmp_path_factory, text):
    """Such as the name of a folder: `on`, `1e3`, line breaks, bytes that are not UTF-8."""
    text = text.replace("\0", "") or "x"
    config = RetrainConfig.from_preset("tiny", data=Path(text), out=Path("run"), genotype=text, list=Path(text))
    file = tmp_path_factory.mktemp("config") / "config.yaml"
    write_config(config, file)
    assert read_yaml(file) == config_values(config)
    assert resolve(RetrainConfig, None, file, {}) == config


def test_every_hostile_text_in_a_configuration_is_read_back():
    for text in NAMES.values():
        assert read_plain_yaml(plain_yaml({"a": text, "b": [text, text]})) == {"a": text, "b": [text, text]}
