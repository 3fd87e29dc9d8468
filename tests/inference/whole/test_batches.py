import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.images.photograph import Photograph
from mfps.inference.whole.batches import OpenedPhotograph, restored_in_order
from mfps.inference.whole.faces_to_restore import Faces, FaceToRestore


def opened(number, faces, pixels):
    pictures = [np.full((2, 2, 3), 10 * number + i, np.uint8) for i in range(faces)]
    cut = [FaceToRestore(picture, np.eye(2, 3), np.zeros((68, 2)), 9.0, 0.5) for picture in pictures]
    photograph = Photograph(np.zeros((1, pixels, 3), np.uint8)) if pixels else None
    return OpenedPhotograph(str(number), photograph, Faces(tuple(cut), (), 0))


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), max_size=9), st.integers(1, 5), st.integers(1, 20)
)  # fmt: skip
def test_whatever_the_batches_every_face_is_restored_and_the_order_stays(photographs, batch_size, most):
    sizes, read, done = [], [], []

    def stream():
        for number, (faces, pixels) in enumerate(photographs):
            read.append(number)
            waiting = sum(max(photographs[i][1], 0) for i in read[:-1] if str(i) not in done)
            assert waiting <= most  # nothing more is read while too much waits
            yield opened(number, faces, pixels)

    def run(pictures):
        sizes.append(len(pictures))
        return 255 - np.stack(pictures)

    for one in restored_in_order(stream(), run, batch_size, most):
        done.append(one.name)
        assert [int(p[0, 0, 0]) for p in one.restored] == [255 - int(f.picture[0, 0, 0]) for f in one.faces.restored]
    assert done == [str(number) for number in range(len(photographs))]
    assert sum(sizes) == sum(faces for faces, _ in photographs)
    assert max(sizes, default=0) <= batch_size
    if sum(pixels for _, pixels in photographs) <= most:  # then only the last batch is not full
        assert all(size == batch_size for size in sizes[:-1])


def test_the_time_of_a_batch_is_shared_by_its_faces():
    ones = list(restored_in_order([opened(0, 1, 1), opened(1, 3, 1)], np.stack, 4))
    assert ones[1].seconds["network"] == pytest.approx(3 * ones[0].seconds["network"])
