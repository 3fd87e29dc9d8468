import pytest
from mfps.files.config_model import fill
from mfps.inference.config import RestoreConfig
from mfps.inference.restored_files import check_out, restored_files


@pytest.fixture
def config(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpeg").touch()

    def make(source="in", out="out", **options):
        given = {"weights": "w", "source": tmp_path / source, "out": tmp_path / out, **options}
        return fill(RestoreConfig, given)

    return make


def test_names_mirror_the_photographs_and_take_the_format(config, tmp_path):
    for kind in ("png", "jpg", "webp"):
        files = restored_files(config(format=kind), ("a.jpeg", "deep/b.tif"))
        assert files == (tmp_path / "out", (f"a.{kind}", f"deep/b.{kind}"), kind, False)
    assert restored_files(config(), ("a.jpeg",)).names == ("a.png",)


@pytest.mark.parametrize(("suffix", "kind"), [(".png", "png"), (".JPG", "jpg"), (".jfif", "jpg"), (".webp", "webp")])
def test_one_photograph_becomes_the_file_that_was_named(config, tmp_path, suffix, kind):
    one = config("in/a.jpeg", f"new/b{suffix}")
    check_out(one)
    assert restored_files(one, ("a.jpeg",)) == (tmp_path / "new", (f"b{suffix}",), kind, True)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_is_called_as_a_picture_stays_a_folder(config, tmp_path):
    (tmp_path / "b.png").mkdir()
    one = config("in/a.jpeg", "b.png")
    check_out(one)
    assert not restored_files(one, ("a.jpeg",)).single


def test_what_cannot_be_written_is_refused(config, tmp_path, refused):
    with refused("b.png: is called as a picture, but many need a folder"):
        check_out(config("in", "b.png"))
    with refused("b.bmp: .bmp files are not written; call it .png, .jpg or .webp"):
        check_out(config("in/a.jpeg", "b.bmp"))
    with refused("b.png: its suffix does not fit `format` webp"):
        check_out(config("in/a.jpeg", "b.png", format="webp"))
    with refused("b.png: a file, but `cmp` makes several"):
        check_out(config("in/a.jpeg", "b.png", cmp=True))
    (tmp_path / "b.png").touch()
    with refused("b.png: already exists, and nothing is overwritten"):
        check_out(config("in/a.jpeg", "b.png"))


def test_a_file_and_a_folder_appear_whole_or_not_at_all(config, tmp_path):
    for source, out in (("in/a.jpeg", "new/b.png"), ("in", "new")):
        with pytest.raises(KeyError), restored_files(config(source, out), ("a.jpeg",)).all_or_none():
            raise KeyError
        assert not (tmp_path / "new").exists()
