import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from mfps.images.fit_note import fit_note
from mfps.images.image import fit_square

EXTENTS = st.tuples(st.integers(1, 40), st.integers(1, 40))


@given(st.lists(EXTENTS, max_size=6), st.sampled_from([8, 16]))
def test_the_note_says_what_fitting_does(extents, size):
    """Nothing is changed without a word, and nothing is said of what stays as it is."""
    fits = [fit_square(np.zeros((height, width), np.uint8), size, enlarge=True)[1] for width, height in extents]
    done = {
        "shrunk": sum(fit.scale < 1 for fit in fits),
        "enlarged": sum(fit.scale > 1 for fit in fits),
        "middle": sum(width != height for width, height in extents),
    }
    note = fit_note(extents, size)
    assert (note == "") == (not any(done.values()))
    for part in note.split(", ") if note else ():
        (word,) = (word for word in done if part.endswith(word))
        assert int(part.split()[0]) == done.pop(word)
    assert not any(done.values())


def test_it_reads_well():
    assert fit_note([(64, 64)] * 3, 64) == ""
    assert fit_note([(128, 128)], 64) == "1 of 1 photograph is larger than 64 px and is shrunk"
    assert fit_note([(128, 128), (90, 80), (64, 64)], 64) == (
        "2 of 3 photographs are larger than 64 px and are shrunk, 1 is not square and is cut to its middle"
    )
