from pathlib import Path

import jsonschema
import mfps.genotypes
import pytest
from mfps.genotypes.schemas import SCHEMAS, json_schema, schema_text


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_checked_in_json_schema_is_current(name):
    file = Path(mfps.genotypes.__file__).parent / f"{name}.schema.json"
    jsonschema.Draft202012Validator.check_schema(json_schema(name))
    assert file.read_text(encoding="utf-8") == schema_text(name), "run `make schema`"
