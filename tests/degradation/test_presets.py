import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.degradation.presets import PRESETS, Degradation, degradation_rng
from mfps.degradation.stages import blind, blur, jpeg, lose_resolution, noise
from mfps.drawn.faces import draw_face
from mfps.errors import MfpsError


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    return draw_face(np.random.default_rng(1), 128).image


def gradient_energy(image: np.ndarray) -> float:
    return float(np.square(np.diff(image.astype(float), axis=0)).mean())


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("size", [16, 64, 128, 256])
def test_equal_generators_give_equal_bytes(face, preset, size):
    image = np.tile(face, (2, 2, 1))[:size, :size]
    before = image.copy()
    first, again = (Degradation.parse(preset).apply(image, degradation_rng(1, 2, 3)) for _ in range(2))
    assert first.shape == image.shape
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert np.array_equal(image, before)
    assert np.array_equal(first, image) == (preset == "none")


def test_the_three_numbers_all_matter():
    draws = {degradation_rng(*numbers).random() for numbers in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0))}
    assert len(draws) == 5


def test_presets_are_made_of_the_published_steps_in_order(face):
    published = {
        "none": (),
        "blur": (blur,),
        "noise": (noise,),
        "jpeg": (jpeg,),
        "lowres": (lose_resolution,),
        "full": (blur, noise, jpeg, lose_resolution),
    }
    for name, steps in published.items():
        assert PRESETS[name].native_size_px == 128
        spoiled, rng = face, degradation_rng(1, 2, 3)
        for step in steps:
            spoiled = step(spoiled, rng, 1.0)
        assert np.array_equal(Degradation.parse(name).apply(face, degradation_rng(1, 2, 3)), spoiled)


def test_blind_presets_have_the_published_ranges():
    published = {
        "gfpgan": {"sigma_px": (0.1, 10.0), "shrink": (0.8, 8.0), "noise_sigma": (0.0, 20.0), "quality": (60, 100)},
        "codeformer": {"sigma_px": (1.0, 15.0), "shrink": (4.0, 30.0), "noise_sigma": (0.0, 20.0), "quality": (30, 80)},
    }
    image = draw_face(np.random.default_rng(1), 256).image
    for name, ranges in published.items():
        assert PRESETS[name].native_size_px == 512
        spoiled = blind(image, degradation_rng(1, 2, 3), 0.5, **ranges)
        assert np.array_equal(Degradation.parse(name).apply(image, degradation_rng(1, 2, 3)), spoiled)
    assert {*published, "none", "blur", "noise", "jpeg", "lowres", "full"} == set(PRESETS)


@pytest.mark.parametrize("seed", range(5))
def test_presets_do_what_they_say(face, seed):
    spoiled = {name: Degradation.parse(name).apply(face, degradation_rng(0, 0, seed)) for name in PRESETS}
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
        added = Degradation.parse("noise").apply(grey, degradation_rng(0, 0, index)).astype(float) - 128
        assert abs(added.mean()) < 1.5
        spreads.append(added.std())
    # Poisson of 15 has a second moment of 15.5 squared, Laplace of 40 a deviation of 56 (less what is clipped).
    assert min(spreads) > 14
    assert 45 < max(spreads) < 57


def test_a_mix_draws_by_its_weights():
    mix = Degradation.parse("none:3, lowres:1")
    checker = (np.indices((16, 16)).sum(0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, 2)
    kept = [np.array_equal(mix.apply(checker, degradation_rng(0, 0, index)), checker) for index in range(600)]
    assert abs(np.mean(kept) - 0.75) < 0.06


def test_a_preset_looks_alike_at_every_size():
    big = draw_face(np.random.default_rng(5), 256).image
    small = big.reshape(128, 2, 128, 2, 3).mean((1, 3)).astype(np.uint8)
    for index in range(4):
        spoiled = Degradation.parse("blur").apply(big, degradation_rng(0, 0, index))
        reference = Degradation.parse("blur").apply(small, degradation_rng(0, 0, index))
        assert np.abs(spoiled.reshape(128, 2, 128, 2, 3).mean((1, 3)) - reference).mean() < 3


@given(st.dictionaries(st.sampled_from(list(PRESETS)), st.floats(0.01, 100), min_size=1))
def test_parsing_normalises_and_round_trips(weights):
    parsed = Degradation.parse(",".join(f"{name}:{weight}" for name, weight in weights.items()))
    assert dict(parsed.mix).keys() == weights.keys()
    assert sum(dict(parsed.mix).values()) == pytest.approx(1)
    assert [name for name, _ in Degradation.parse(str(parsed)).mix] == list(weights)


@given(st.text())
def test_any_other_text_is_one_clear_line(text):
    try:
        message = f"degradation {Degradation.parse(text)}"
    except MfpsError as error:
        message = str(error)
    assert message.startswith("degradation ")
    assert "\n" not in message


@pytest.mark.parametrize(
    "text", ["", "fog", "full:0", "full:-1", "full:nan", "full:inf", "full,full", "full:", "full:1:2"]
)
def test_bad_mixes_are_refused(text):
    with pytest.raises(MfpsError, match="degradation"):
        Degradation.parse(text)


def test_an_unknown_preset_gets_the_known_ones():
    with pytest.raises(
        MfpsError, match="'fog' is not a preset; known are none, blur, noise, jpeg, lowres, full, gfpgan"
    ):
        Degradation.parse("full:1,fog:2")
