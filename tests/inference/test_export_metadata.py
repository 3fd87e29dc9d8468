"""What an exported file says about itself is read back as it was written; texts of others are refused in one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.errors import MfpsError
from mfps.genotypes.genotype_file import read_genotype
from mfps.inference.export_metadata import ExportMetadata, read_metadata
from mfps.networks.network_config import NetworkConfig

FRSNET = read_genotype("mfpsnet")


def metadata(**values) -> ExportMetadata:
    return ExportMetadata(
        genotype=FRSNET.model_dump(mode="json", by_alias=True, exclude_none=True),
        **{
            "genotype_hash": FRSNET.hash,
            "network": NetworkConfig(prior_channels={"parsing": 19}),
            "provenance": {},
            "weights_sha256": "00",
            "size": 128,
            "outputs": (0, 1),
            **values,
        },
    )


@given(
    st.text(max_size=20), st.one_of(st.none(), st.integers(1, 64)), st.dictionaries(st.text(max_size=5), st.integers())
)
def test_what_is_written_is_read(licence, batch, provenance):
    written = metadata(licence=licence, batch=batch, provenance=provenance, data=licence)
    assert read_metadata({"author": "other", **written.texts()}, "f") == written
    assert written.parsed_genotype("f").hash == FRSNET.hash


@given(st.sampled_from(sorted(metadata().texts())), st.text(max_size=10))
def test_a_changed_text_is_read_or_refused_in_one_line(key, text):
    texts = {**metadata().texts(), key: text}
    refused = ""
    try:
        read_metadata(texts, "file.onnx").parsed_genotype("file.onnx")
    except MfpsError as error:
        refused = str(error)
    assert not refused or (refused.startswith("file.onnx: ") and "\n" not in refused)


def test_a_file_of_another_program_is_refused():
    with pytest.raises(MfpsError, match="was not exported by mfps"):
        read_metadata({"producer": "other"}, "f.onnx")


def test_a_genotype_that_was_exchanged_is_refused():
    with pytest.raises(MfpsError, match="was changed after its export"):
        metadata(genotype_hash="0" * 8).parsed_genotype("f.onnx")
