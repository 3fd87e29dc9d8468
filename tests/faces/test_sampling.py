from hypothesis import given
from hypothesis import strategies as st
from mfps.faces.sampling import EpochSampler, split_halves

faces = st.lists(st.integers(0, 10_000), unique=True, min_size=2)


@given(faces, st.integers(0, 99), st.integers(0, 99))
def test_an_epoch_is_a_permutation(indices, seed, epoch):
    sampler = EpochSampler(indices, seed, shuffle=True)
    sampler.set_epoch(epoch)
    addresses = list(sampler)
    assert addresses == list(sampler)
    assert {number for number, _ in addresses} == {epoch}
    assert sorted(index for _, index in addresses) == sorted(indices)
    assert list(EpochSampler(indices, seed, shuffle=False)) == [(0, index) for index in indices]


def test_epochs_and_seeds_differ():
    orders = set()
    for seed, epoch in ((0, 0), (0, 1), (1, 0), (1, 1)):
        orders.add(tuple(index for _, index in EpochSampler(range(50), seed, True, epoch)))
    assert len(orders) == 4


@given(faces, st.integers(0, 99))
def test_halves_are_disjoint_and_complete(indices, seed):
    first, second = split_halves(indices, seed)
    assert sorted(first + second) == sorted(indices)
    assert 0 <= len(first) - len(second) <= 1
    assert (first, second) == split_halves(indices, seed)
