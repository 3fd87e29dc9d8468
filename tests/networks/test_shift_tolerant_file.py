import zipfile

import torch
from mfps.files.external_weights import weights_of
from mfps.networks.shift_tolerant_file import ST_LPIPS, read_shift_tolerant
from mfps.networks.vgg16 import load_vgg16


def test_the_wheel_or_its_file_may_be_given(wheel, tmp_path):
    weights = weights_of(ST_LPIPS)
    with zipfile.ZipFile(wheel) as opened:
        (tmp_path / weights.file).write_bytes(opened.read(f"{weights.package}/{weights.file}"))
    one, other = (read_shift_tolerant(file) for file in (wheel, tmp_path / weights.file))
    assert list(one) == list(other)
    assert all(torch.equal(one[key], other[key]) for key in one)
    networks = [load_vgg16(wheel), load_vgg16(None, tmp_path)]
    pairs = list(zip(*(network.parameters() for network in networks), strict=True))
    assert len(pairs) == 26
    assert all(torch.equal(*pair) for pair in pairs)


def test_other_files_are_refused(tmp_path, refused):
    (tmp_path / "w.pth").write_bytes(b"other")
    with refused("w.pth: not the ST-LPIPS weights"):
        read_shift_tolerant(tmp_path / "w.pth")
    weights = weights_of(ST_LPIPS)
    for name, rule in (("a", "not the ST-LPIPS weights"), (f"{weights.package}/{weights.file}", "its vgg_shift")):
        with zipfile.ZipFile(tmp_path / "w.whl", "w") as opened:
            opened.writestr(name, "b")
        with refused(f"w.whl: {rule}"):
            read_shift_tolerant(tmp_path / "w.whl")
    (tmp_path / "w.whl").write_bytes((tmp_path / "w.whl").read_bytes()[:-30])
    with refused("w.whl: not the ST-LPIPS weights"):
        read_shift_tolerant(tmp_path / "w.whl")
    with refused("w.none: there are no ST-LPIPS weights; run `pip install"):
        read_shift_tolerant(tmp_path / "w.none")
