import pytest
from mfps.engine.configuration import PRESETS, resolve
from mfps.errors import MfpsError
from mfps.genotypes.space import BRANCHES
from mfps.nas.config import SearchConfig
from mfps.nas.strategies import STRATEGIES
from pydantic import ValidationError

PLACES = {"data": "faces", "out": "run"}


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_a_search(preset):
    config = resolve(SearchConfig, preset, None, PLACES)
    assert config.warmup_epochs < config.epochs
    assert config.passes == 1


def test_published_hyperparameters_are_the_defaults():
    config = SearchConfig(**PLACES)
    assert resolve(SearchConfig, "published", None, PLACES) == config
    weights = (config.weight_lr, config.weight_momentum, config.weight_decay)
    architecture = (config.architecture_lr, config.architecture_weight_decay)
    assert (weights, architecture) == ((0.025, 0.9, 3e-4), (1e-3, 1e-3))
    assert (config.epochs, config.warmup_epochs, config.halve_every, config.batch_size) == (100, 10, 10, 2)
    assert (config.layers, config.fusion_layers, config.width, config.loss) == (6, 8, 8, "smooth_l1")


@pytest.mark.parametrize("given", [["fusion=a.json", "upsample=b=c"], {"fusion": "a.json", "upsample": "b=c"}])
def test_held_branches_are_pairs(given):
    assert SearchConfig(**PLACES, fix=given).fix == {"fusion": "a.json", "upsample": "b=c"}


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (["fusion"], "write BRANCH=GENOTYPE"),
        (["fusion="], "write BRANCH=GENOTYPE"),
        (["depth=a.json"], f"unknown branch 'depth': choose from {', '.join(BRANCHES)}"),
        ({"depth": "a.json"}, "unknown branch 'depth'"),
        (7, "must be BRANCH=GENOTYPE"),
    ],
)
def test_held_branches_that_are_not_valid(given, rule):
    with pytest.raises((ValidationError, MfpsError), match=rule):
        SearchConfig(**PLACES, fix=given)


@pytest.mark.parametrize(("warmup", "epochs"), [(1, 1), (5, 3)])
def test_a_warm_up_ends_before_the_search(warmup, epochs):
    rule = rf"`warmup_epochs` \({warmup}\) must be below `epochs` \({epochs}\)"
    with pytest.raises(ValidationError, match=rule):
        SearchConfig(**PLACES, warmup_epochs=warmup, epochs=epochs)
    assert SearchConfig(**PLACES, warmup_epochs=epochs - 1, epochs=epochs)


def test_an_unknown_strategy_is_refused():
    with pytest.raises(ValidationError, match="unknown strategy 'x': choose from mixed"):
        SearchConfig(**PLACES, strategy="x")
    assert SearchConfig(**PLACES, strategy="mixed") == SearchConfig(**PLACES)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_what_every_strategy_needs(preset, strategy):
    """And so a change of strategy leaves no option of another one behind."""
    config = resolve(SearchConfig, preset, None, {**PLACES, "strategy": strategy})
    assert (config.solver, config.schedule) == (("adam", "cosine") if strategy != "mixed" else ("sgd", "published"))
    assert (config.clip_norm is None) == (strategy == "mixed")


@pytest.mark.parametrize(
    ("strategy", "option", "value"),
    [
        ("mixed", "draws", 2),
        ("mixed", "temperature", 1.0),
        ("single-path", "temperature", 1.0),
        ("single-path", "mixing", "output"),
        ("single-path", "cost_weight", 0.1),
        ("single-path", "architecture_lr", 0.1),
        ("gumbel", "mixing", "output"),
        ("gumbel", "scale_edges", True),
    ],
)
def test_an_option_of_another_strategy_is_refused(strategy, option, value):
    with pytest.raises(MfpsError, match=f"`{option}` does not go with `strategy` {strategy}, only with "):
        resolve(SearchConfig, None, None, {**PLACES, "strategy": strategy, option: value})


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"hold_trunk": True, "warmup_epochs": 0}, "`hold_trunk` needs a warm-up"),
        ({"strategy": "gumbel", "temperature": 1.0, "last_temperature": 2.0}, "must not be above `temperature`"),
    ],
)
def test_what_would_train_nothing_or_rise_is_refused(options, rule):
    with pytest.raises(MfpsError, match=rule):
        resolve(SearchConfig, None, None, {**PLACES, **options})


@pytest.mark.parametrize("value", [["mixed"], {"mixed": 1}, 3])
def test_a_strategy_that_is_no_name_is_refused(value):
    with pytest.raises(MfpsError, match="`strategy`"):
        resolve(SearchConfig, "small", None, {**PLACES, "strategy": value})
