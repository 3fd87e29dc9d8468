import hashlib
import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from mfps.files.hashes import number_of, sha256_of, sha256_of_texts


def test_a_file_is_known_by_its_content(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"content")
    assert sha256_of(file) == hashlib.sha256(b"content").hexdigest()
    with file.open("rb") as opened:
        assert sha256_of(opened) == sha256_of(file)


@given(st.lists(st.text(), min_size=2, max_size=5, unique_by=lambda text: unicodedata.normalize("NFC", text)))
def test_every_name_has_a_number_of_its_own_however_it_is_normalised(names):
    assert len({number_of(name) for name in names}) == len(names)
    for name in names:
        assert number_of(unicodedata.normalize("NFD", name)) == number_of(name) < 2**128


def test_the_numbers_stay_what_they_are():
    """Degradations follow from them: a change would make other test sets of the same seed."""
    assert number_of("0001.png") == 0x65BD923EEAEC2BCAECEDDB5507EFA750


def test_texts_that_are_divided_in_another_way_are_others():
    divided = (("ab", "c"), ("a", "bc"), ("abc",), ("ab", "c", ""), ("2 ab",), ("2", "ab"), ("a\udcff",), ("aÿ",))
    assert len({sha256_of_texts(*texts) for texts in divided}) == len(divided)
