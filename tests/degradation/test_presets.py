from pathlib import Path

import mfps.degradation
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.degradation.presets import DEGRADATIONS, MAX_TEXT, Degradation, degradation_rng
from mfps.degradation.stages import STAGES, blind, blur, jpeg, lose_resolution, noise
from mfps.degradation.step import read_step
from mfps.drawn.faces import draw_face
from mfps.errors import MfpsError

NAMES = [*DEGRADATIONS, *STAGES]


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    return draw_face(np.random.default_rng(1), 128).image


def gradient_energy(image: np.ndarray) -> float:
    return float(np.square(np.diff(image.astype(float), axis=0)).mean())


@pytest.mark.parametrize("preset", NAMES)
@pytest.mark.parametrize("size", [16, 64, 128, 256])
def test_equal_generators_give_equal_bytes(face, preset, size):
    image = np.tile(face, (2, 2, 1))[:size, :size]
    before = image.copy()
    first, again = (Degradation.parse(preset).apply(image, degradation_rng(1, 2, "h.png")) for _ in range(2))
    assert first.shape == image.shape
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert np.array_equal(image, before)
    assert np.array_equal(first, image) == (preset == "none")


def test_seed_epoch_and_name_all_matter():
    keys = ((0, 0, "a.png"), (1, 0, "a.png"), (0, 1, "a.png"), (0, 0, "b.png"), (1, 1, "a.png"), (0, 0, "x/a.png"))
    assert len({degradation_rng(*key).random() for key in keys}) == len(keys)


def test_presets_are_made_of_the_published_steps_in_order(face):
    published = {
        "none": (),
        "blur": (blur,),
        "noise": (noise,),
        "jpeg": (jpeg,),
        "lowres": (lose_resolution,),
        "full": (blur, noise, jpeg, lose_resolution),
    }
    ranges = {blur: (3.0, 8.0), noise: (20.0, 40.0), jpeg: (17, 51), lose_resolution: (2.0, 2.0)}
    for name, steps in published.items():
        spoiled, rng = face, degradation_rng(1, 2, "a.png")
        for step in steps:
            spoiled = step(spoiled, rng, 1.0, ranges[step])
        assert np.array_equal(Degradation.parse(name).apply(face, degradation_rng(1, 2, "a.png")), spoiled)


def test_blind_presets_have_the_published_ranges():
    published = {
        "gfpgan": {"sigma_px": (0.1, 10.0), "shrink": (0.8, 8.0), "noise_sigma": (0.0, 20.0), "quality": (60, 100)},
        "codeformer": {"sigma_px": (1.0, 15.0), "shrink": (4.0, 30.0), "noise_sigma": (0.0, 20.0), "quality": (30, 80)},
    }
    image = draw_face(np.random.default_rng(1), 256).image
    for name, ranges in published.items():
        spoiled = blind(image, degradation_rng(1, 2, "a.png"), 0.5, **ranges)
        assert np.array_equal(Degradation.parse(name).apply(image, degradation_rng(1, 2, "a.png")), spoiled)


@pytest.mark.parametrize("seed", range(5))
def test_presets_do_what_they_say(face, seed):
    spoiled = {name: Degradation.parse(name).apply(face, degradation_rng(0, 0, f"{seed}")) for name in NAMES}
    energy = {name: gradient_energy(image) for name, image in spoiled.items()}
    assert energy["blur"] < 0.7 * energy["none"]
    assert energy["lowres"] < energy["none"]
    assert energy["noise"] > 2 * energy["none"]
    assert energy["codeformer"] < energy["none"]
    error = {name: np.abs(image.astype(float) - face).mean() for name, image in spoiled.items()}
    assert error["full"] > max(error["jpeg"], error["lowres"])


def test_noise_is_unbiased_and_of_the_published_strength():
    grey = np.full((128, 128, 3), 128, np.uint8)
    spreads = []
    for index in range(60):
        added = Degradation.parse("noise").apply(grey, degradation_rng(0, 0, f"{index}")).astype(float) - 128
        assert abs(added.mean()) < 1.5
        spreads.append(added.std())
    # Poisson of 15 has a second moment of 15.5 squared, Laplace of 40 a deviation of 56 (less what is clipped).
    assert min(spreads) > 14
    assert 45 < max(spreads) < 57


def test_a_mix_draws_by_its_weights():
    mix = Degradation.parse("none:3, lowres:1")
    checker = (np.indices((16, 16)).sum(0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, 2)
    kept = [np.array_equal(mix.apply(checker, degradation_rng(0, 0, f"{index}")), checker) for index in range(600)]
    assert abs(np.mean(kept) - 0.75) < 0.06


def test_a_preset_looks_the_same_at_every_size():
    big = draw_face(np.random.default_rng(5), 256).image
    small = big.reshape(128, 2, 128, 2, 3).mean((1, 3)).astype(np.uint8)
    for index in range(4):
        spoiled = Degradation.parse("blur").apply(big, degradation_rng(0, 0, f"{index}"))
        reference = Degradation.parse("blur").apply(small, degradation_rng(0, 0, f"{index}"))
        assert np.abs(spoiled.reshape(128, 2, 128, 2, 3).mean((1, 3)) - reference).mean() < 3


steps = st.sampled_from([*NAMES, "blur(6,12)", "noise(0.5,40)", "grey", "motion(5,9)", "blind(1,2,1,2,0,0,50,50)"])
rows = st.lists(steps, min_size=1, max_size=4).map("|".join)


@given(st.dictionaries(rows, st.floats(0.01, 100), min_size=1, max_size=4))
def test_what_is_parsed_is_written_back_and_parsed_again(weights):
    parsed = Degradation.parse(",".join(f"{row}:{weight}" for row, weight in weights.items()))
    assert Degradation.parse(str(parsed)) == parsed
    assert Degradation.parse(" " + str(parsed).replace("|", " | ").replace(",", " , ").replace("(", "( ")) == parsed
    assert sum(weight for _, weight in parsed.mix) == pytest.approx(1)
    assert [weight for _, weight in parsed.mix] == pytest.approx([w / sum(weights.values()) for w in weights.values()])
    assert [steps for steps, _ in parsed.mix] == [Degradation.parse(row).mix[0][0] for row in weights]


@given(rows, st.integers(0, 99))
def test_a_chain_is_its_steps_one_after_the_other(row, seed):
    image = np.random.default_rng(seed).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    first, again = (Degradation.parse(row).apply(image, degradation_rng(seed, 0, "a.png")) for _ in range(2))
    assert np.array_equal(first, again)
    rng, spoiled = degradation_rng(seed, 0, "a.png"), image
    for step in row.split("|"):
        spoiled = Degradation.parse(step).apply(spoiled, rng)
    assert np.array_equal(first, spoiled)


@pytest.mark.parametrize("size", [32, 128, 160])
@pytest.mark.parametrize("name", DEGRADATIONS)
def test_a_preset_written_out_gives_the_same_bytes(face, name, size):
    image = np.tile(face, (2, 2, 1))[:size, :size]
    row = "|".join(DEGRADATIONS[name]) or "none"
    assert name not in STAGES
    for seed in range(4):
        spoiled = Degradation.parse(name).apply(image, degradation_rng(seed, 0, "a.png"))
        assert np.array_equal(Degradation.parse(row).apply(image, degradation_rng(seed, 0, "a.png")), spoiled)


@given(st.text())
def test_any_other_text_is_one_clear_line(text):
    try:
        message = f"degradation {Degradation.parse(text)}"
    except MfpsError as error:
        message = str(error)
    assert message.startswith("degradation ")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "it is empty, or a part of it"),
        (" \t", "it is empty"),
        ("full,", "it is empty, or a part of it"),
        ("full:0", "the weight '0' is not a positive number"),
        ("full:-1", "the weight '-1' is not a positive number"),
        ("full:nan", "the weight 'nan'"),
        ("full:inf", "the weight 'inf'"),
        ("full:1e300", "the weight '1e300' is not a positive number of at most 1e"),
        ("full:", "the weight ''"),
        ("full:1:2", "the weight '1:2'"),
        ("full,full", "'full' occurs twice"),
        ("blur(6,12):1,blur( 6.0, 12):2", r"'blur\(6,12\)' occurs twice"),
        ("|", "a stage is missing"),
        ("blur||jpeg", "a stage is missing"),
        ("(6,12)", "a stage is missing"),
        ("blur(6,12", "its brackets do not match"),
        ("full,blur)6,12(", "its brackets do not match"),
        ("blur((6,12))", "its brackets do not match"),
        ("full(3,8)", r"the preset 'full' takes no numbers: its stages are blur\(3,8\)\|noise"),
        ("blurr(6,12)", "'blurr' is not a preset or a stage: did you mean blur"),
        ("ful", "'ful' is not a preset or a stage: did you mean full"),
        ("blur(12,6)", "sigma from 12 to 6 is reversed"),
        ("jpeg|" * MAX_TEXT, "2,500 characters are too many: at most 500 are read"),
    ],
)
def test_what_is_not_a_degradation(text, rule):
    with pytest.raises(MfpsError, match=f"^degradation '.*: {rule}"):
        Degradation.parse(text)


@given(st.text("blurfnoise(),|:.0123456789 x", max_size=60))
def test_any_text_of_such_letters_is_one_clear_line_or_reads_back(text):
    parsed, message = None, ""
    try:
        parsed = Degradation.parse(text)
    except MfpsError as error:
        message = str(error)
    assert "\n" not in message
    assert parsed is None or Degradation.parse(str(parsed)) == parsed


def test_an_unknown_name_gets_the_known_ones():
    with pytest.raises(MfpsError, match="'fog' is not a preset or a stage: known are the presets none, full,") as error:
        Degradation.parse("full:1,fog:2")
    assert all(name in str(error.value) for name in NAMES)


def test_the_documentation_lists_every_preset_and_every_stage_with_its_numbers():
    page = (Path(mfps.degradation.__file__).parent.parent / "docs" / "degradations.md").read_text(encoding="utf-8")
    for name, steps in DEGRADATIONS.items():
        assert f"| `{name}` | {'`' + '|'.join(steps).replace('|', chr(92) + '|') + '`' if steps else ''}" in page
    for name, stage in STAGES.items():
        published = read_step(name, STAGES)
        ranges = "; ".join(f"{r.name}, {r.unit}, {r.least:g} to {r.most:g}" for r in stage.ranges) or "none"
        assert f"| `{published}` | {ranges} |" in page
