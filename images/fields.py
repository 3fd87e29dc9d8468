"""Configuration fields about photographs that several commands share; see also `engine.fields`."""

from typing import Annotated, Literal

from pydantic import Field

from ..files.config_model import Panel

FollowLinks = Annotated[
    bool,
    Panel.DATA,
    Field(
        description="Follow links that lead out of the data folder, as in those of DVC or the Hugging Face hub. Only "
        "for folders that you trust: a link may lead to any file."
    ),
]

PictureFormat = Literal["png", "jpg", "webp"]
"""The formats that photographs are written in."""
