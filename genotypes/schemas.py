"""The JSON Schemas of the files that other programs may read or write; checked in, and written by `make schema`."""

import json
from typing import Any

from .front import Front
from .genotype import FIRST_SCHEMA, GENOTYPE_SCHEMA, Genotype
from .operations import PUBLISHED_OPERATIONS

SCHEMAS = ("genotype", "front")
"""What there is a schema of; each is in `genotypes/NAME.schema.json`."""


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a genotype file or of `front.json`.

    Args:
        name: one of `SCHEMAS`.
    """
    schema = (Genotype if name == "genotype" else Front).model_json_schema(by_alias=True)
    if name == "genotype":
        schema["required"] = ["schema", *schema["required"]]
        schema |= _rules_of_versions()
    if name == "front":
        schema["properties"]["digest"] = {"type": "string", "description": "SHA-256 of the rest of the file."}
        schema["required"] = [*schema["required"], "digest"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _rules_of_versions() -> dict[str, Any]:
    """What a genotype file has in one version of the format and not in the other, which pydantic does not know."""
    absent, fusion = {"fusion": {"type": "null"}}, {"required": ["fusion"]}
    known = {"cell": {"items": {"properties": {"op": {"enum": list(PUBLISHED_OPERATIONS)}}}}}
    both = {
        "branches": {**fusion, "properties": {"fusion": {"type": "object"}}},
        "backbone": {**fusion, "properties": {"fusion": {"type": "number"}}},
    }
    neither = {"branches": {"properties": absent}, "backbone": {"properties": absent}}
    return {
        "if": {"properties": {"schema": {"const": GENOTYPE_SCHEMA}}},
        "then": {
            "required": ["backbone"],
            "properties": {"backbone": {"type": "object"}},
            "oneOf": [{"properties": both}, {"properties": neither}],
        },
        "else": {
            "properties": {
                "schema": {"const": FIRST_SCHEMA},
                "backbone": {"type": "null"},
                "branches": {"additionalProperties": {"properties": known}},
            }
        },
    }


def schema_text(name: str) -> str:
    """The JSON Schema as the text of its file."""
    return json.dumps(json_schema(name), indent=2) + "\n"
