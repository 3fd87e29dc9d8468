"""Pages for a browser, each one file that needs no network: how they escape what is filled in, and how they look."""

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from ...genotypes.drawing import palette


def fill_page(template: str, scripts: Sequence[str] = (), **values: Any) -> str:
    """Fill in a template; whatever the values are, they mean themselves.

    Besides the values a template has `style`, the rules of all pages; `scripts`, which are not escaped;
    `script_hashes`, for a policy that permits these alone; and `palette`.

    Args:
        template: in Jinja's language.
        scripts: our own, each a whole program.
        values: what the template names.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    style = environment.from_string(page_resource(str(__package__), "page_style.css")).render(palette=palette)
    hashes = " ".join(f"'sha256-{_sha256(script)}'" for script in scripts)
    return environment.from_string(template).render(
        style=Markup(style), scripts=[Markup(script) for script in scripts], script_hashes=hashes, palette=palette,
        **values,
    )  # fmt: skip


def page_resource(package: str, name: str) -> str:
    """A text that is installed beside the modules of a package.

    Args:
        package: its full name.
        name: of the file.
    """
    return (resources.files(package) / name).read_text(encoding="utf-8")


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
