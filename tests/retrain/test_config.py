import pytest
from mfps.engine.configuration import PRESETS, resolve, write_config
from mfps.retrain.config import RetrainConfig
from pydantic import ValidationError

PLACES = {"data": "faces", "out": "run", "genotype": "mfpsnet"}


def test_given_pairs_stand_in_place_of_a_degradation(tmp_path, refused):
    config = resolve(RetrainConfig, "tiny", None, {**PLACES, "pairs": "low"})
    assert config.degradation == "given pairs"
    write_config(config, tmp_path / "config.yaml")
    assert resolve(RetrainConfig, None, tmp_path / "config.yaml", {}) == config
    for degradation in ("full", "blur"):
        with refused(f"`pairs` and `degradation` {degradation} exclude each other"):
            resolve(RetrainConfig, None, None, {**PLACES, "pairs": "low", "degradation": degradation})


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_a_training(preset):
    assert resolve(RetrainConfig, preset, None, PLACES).genotype == "mfpsnet"


def test_published_hyperparameters_are_the_defaults():
    config = RetrainConfig(**PLACES)
    assert resolve(RetrainConfig, "published", None, PLACES) == config
    assert (config.solver, config.lr, config.weight_decay, config.batch_size, config.epochs) == (
        "adam", 1e-3, 1e-3, 8, 104
    )  # fmt: skip
    assert (config.pixel, config.perceptual, config.schedule) == ("l1", 0.005, "published")


def test_halving_epochs_may_be_a_list():
    assert RetrainConfig(**PLACES, halve_at=[1, 2]).halve_at == (1, 2)


@pytest.mark.parametrize(
    "wrong", [{"lr": 0}, {"solver": "lion"}, {"schedule": "step"}, {"perceptual": -1}, {"clip_norm": 0}, {"width": 0}]
)
def test_impossible_values_are_refused(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        RetrainConfig(**PLACES, **wrong)


@pytest.mark.parametrize("other", [{"genotype": "mfpsnet"}, {"priors": "heatmap"}, {"init_from": "run"}, {"width": 4}])
def test_a_hand_made_network_stands_in_place_of_a_genotype(other):
    places = {"data": "faces", "out": "run", "hand_made": "nafnet:4x2"}
    assert RetrainConfig(**places).hand_made == "nafnet:4x2"
    with pytest.raises(ValidationError, match=f"`hand_made` nafnet:4x2 and `{next(iter(other))}` exclude each other"):
        RetrainConfig(**places, **other)
