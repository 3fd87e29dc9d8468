from hypothesis import given
from hypothesis import strategies as st
from mfps.data.sampling import SPARES, BatchShare, EpochSampler, random_order, split_halves

faces = st.lists(st.integers(0, 10_000), unique=True, min_size=2)


@given(faces, st.integers(0, 99), st.integers(0, 99))
def test_an_epoch_is_a_permutation(indices, seed, epoch):
    sampler = EpochSampler(indices, seed, shuffle=True)
    sampler.set_epoch(epoch)
    addresses = list(sampler)
    assert addresses == list(sampler)
    assert {number for number, *_ in addresses} == {epoch}
    assert sorted(index for _, index, _ in addresses) == sorted(indices)
    assert list(EpochSampler(indices, seed, shuffle=False)) == [(0, index, ()) for index in indices]


def test_epochs_and_seeds_differ():
    orders = set()
    for seed, epoch in ((0, 0), (0, 1), (1, 0), (1, 1)):
        orders.add(tuple(index for _, index, _ in EpochSampler(range(50), seed, True, epoch)))
    assert len(orders) == 4


@given(faces, st.integers(0, 99))
def test_halves_are_disjoint_and_complete(indices, seed):
    first, second = split_halves(indices, seed)
    assert sorted(first + second) == sorted(indices)
    assert 0 <= len(first) - len(second) <= 1
    assert (first, second) == split_halves(indices, seed)


shares = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))


@given(st.integers(1, 60), shares, st.integers(0, 5), st.integers(0, 3))
def test_processes_and_pieces_divide_every_batch(faces, share, seed, start):
    """All parts together are the batches of one process, in order and without the last, smaller one."""
    processes, pieces, size = share
    batch_size = processes * pieces * size
    parts = []
    for rank in range(processes):
        sampler = EpochSampler(
            range(faces), seed, True, batch_size=batch_size, share=BatchShare(rank, processes, pieces)
        )
        sampler.set_epoch(2, start)
        parts.append([address.face for address in sampler])
        assert len(sampler) == len(parts[-1])
    together = [
        parts[rank][at + i] for at in range(0, len(parts[0]), size) for rank in range(processes) for i in range(size)
    ]
    whole = [address.face for address in EpochSampler(range(faces), seed, True, epoch=2)]
    assert together == whole[start * batch_size : faces // batch_size * batch_size]


@given(faces, st.integers(0, 9))
def test_a_spare_is_another_face_of_the_same_order(indices, seed):
    addresses = list(EpochSampler(indices, seed, True, batch_size=1, spares=True))
    following = [address.face for address in addresses] * 4
    for number, address in enumerate(addresses):
        assert list(address.spares) == following[number + 1 : number + 1 + SPARES]


@given(st.sets(st.text(min_size=1), min_size=2), st.integers(0, 99))
def test_names_keep_their_random_order_whichever_others_there_are(names, seed):
    order = random_order(names, seed)
    assert set(order) == names
    fewer = set(order[::2])
    assert random_order(fewer, seed) == [name for name in order if name in fewer]


def test_orders_of_other_seeds_are_others():
    names = [f"{i}.png" for i in range(30)]
    assert len({tuple(random_order(names, seed)) for seed in range(5)} | {tuple(names)}) == 6
