import hashlib
import json

import pytest
import torch
from mfps.priors.dictionary.component_boxes import PARTS
from mfps.priors.dictionary.dictionary_file import (
    DICTIONARY_FORMAT,
    PATCH_SIDES,
    FacialDictionary,
    read_dictionary,
    write_dictionary,
)
from safetensors.torch import save_file

PHOTOGRAPHS = hashlib.sha256(b"faces").hexdigest()


@pytest.fixture
def centres():
    generator = torch.Generator().manual_seed(0)
    return {
        part: torch.rand(count, 256, PATCH_SIDES[part], PATCH_SIDES[part], generator=generator).half()
        for part, count in zip(PARTS, (2, 3, 1, 2), strict=True)
    }


@pytest.fixture
def header():
    return {
        "format": DICTIONARY_FORMAT,
        "size": 512,
        "counts": dict(zip(PARTS, (2, 3, 1, 2), strict=True)),
        "entries": 3,
        "seed": 7,
        "features": "seeded random VGG19 (seed 7)",
        "photographs": PHOTOGRAPHS,
    }


def test_a_dictionary_comes_back(centres, header, tmp_path):
    dictionary = FacialDictionary(centres, 3, 7, header["features"], PHOTOGRAPHS)
    for name in ("a.safetensors", "b.safetensors"):
        write_dictionary(tmp_path / name, dictionary)
    back = read_dictionary(tmp_path / "a.safetensors")
    assert list(back.centres) == list(PARTS)
    assert all(torch.equal(back.centres[part], centres[part]) for part in PARTS)
    assert back.counts == header["counts"]
    assert (back.entries, back.seed, back.features, back.photographs) == (3, 7, header["features"], PHOTOGRAPHS)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_dictionary_moves_to_a_device(centres, header):
    moved = FacialDictionary(centres, 3, 7, header["features"], PHOTOGRAPHS).to("meta")
    assert {tensor.device.type for tensor in moved.centres.values()} == {"meta"}
    assert moved.counts == header["counts"]


def test_other_files_are_refused(centres, header, refused, tmp_path):
    file = tmp_path / "d.safetensors"

    def write(tensors=centres, metadata=None, **changes):
        save_file(tensors, file, {"mfps": json.dumps(header | changes)} if metadata is None else metadata)

    with refused("d.safetensors: there is no such dictionary"):
        read_dictionary(file)
    file.write_bytes(b"no")
    with refused("d.safetensors: not a safetensors file"):
        read_dictionary(file)
    write(metadata={"other": "x"})
    with refused("its header is not 'mfps.dictionary/1'"):
        read_dictionary(file)
    write(metadata={"mfps": '{"seed": 1, "seed": 2}'})
    with refused("the header is damaged: key 'seed' occurs twice"):
        read_dictionary(file)
    write(format="mfps.dictionary/2")
    with refused("its header is not 'mfps.dictionary/1'"):
        read_dictionary(file)
    write(photographs="none")
    with refused("photographs: .*got 'none'"):
        read_dictionary(file)
    write(extra=1)
    with refused("extra: is not permitted"):
        read_dictionary(file)
    write(counts=header["counts"] | {"nose": 2})
    with refused("the counts in the header do not fit the centres"):
        read_dictionary(file)
    write({part: centres[part] for part in PARTS[:3]})
    with refused("a dictionary has the parts left_eye, right_eye, nose, mouth, not left_eye, nose, right_eye"):
        read_dictionary(file)
    for wrong in (centres["nose"].float(), centres["nose"][:, :5], centres["nose"][:0], torch.tensor(1.0)):
        write(centres | {"nose": wrong.contiguous()})
        with refused(r"nose: centres are float16 \(K, 256, 12, 12\)"):
            read_dictionary(file)
    centres["nose"][0, 0, 0, 0] = torch.inf
    write()
    with refused("nose: a centre is not finite"):
        read_dictionary(file)


def test_an_unusable_dictionary_is_not_written(centres, header, refused, tmp_path):
    centres["mouth"][:] = torch.nan
    dictionary = FacialDictionary(centres, 3, 7, header["features"], PHOTOGRAPHS)
    with refused("mouth: a centre is not finite"):
        write_dictionary(tmp_path / "d.safetensors", dictionary)
    centres["mouth"][:] = 0
    with refused("cannot be written"):
        write_dictionary(tmp_path / "none" / "d.safetensors", dictionary)
    assert not list(tmp_path.iterdir())
