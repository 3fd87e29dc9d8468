"""The JSON Schemas of the files that other programs may read or write; checked in, and written by `make schema`."""

import json
from typing import Any

from .front import Front
from .genotype import Genotype

SCHEMAS = ("genotype", "front")
"""What there is a schema of; each is in `genotypes/NAME.schema.json`."""


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a genotype file or of `front.json`.

    Args:
        name: one of `SCHEMAS`.
    """
    schema = (Genotype if name == "genotype" else Front).model_json_schema(by_alias=True)
    if name == "front":
        schema["properties"]["digest"] = {"type": "string", "description": "SHA-256 of the rest of the file."}
        schema["required"] = [*schema["required"], "digest"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def schema_text(name: str) -> str:
    """The JSON Schema as the text of its file."""
    return json.dumps(json_schema(name), indent=2) + "\n"
