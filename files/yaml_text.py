"""YAML for configurations: plain options and lists, read strictly and written so that every text is read back.

Anchors, tags, dates and merge keys are not read. They make YAML dangerous (a page of aliases can stand for gigabytes),
and no option needs them.
"""

import math
from typing import Any

import yaml

from ..errors import shortened, shown
from .json_text import MAX_DIGITS

MAX_YAML_DEPTH = 8
"""Nesting of lists and dictionaries; no option needs more than three levels."""

MAX_YAML_BYTES = 100_000
"""A configuration has about a hundred lines."""


class YamlError(ValueError):
    """A text is not YAML of the kind that is read; the message follows the name of its file."""

    def __init__(self, problem: str, mark: yaml.Mark | None = None) -> None:
        super().__init__(f"{f', line {mark.line + 1}' if mark else ''}: {problem}")


class _PlainLoader(yaml.SafeLoader):
    """Loads only plain values, and no key twice."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as in the base class
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":merge", ":value"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise YamlError("a list or dictionary is not an option's name", key.start_mark)
            if key.value in seen:
                raise YamlError(f"{shown(key.value)} is given twice; keep one", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)

    def construct_number(self, node: yaml.ScalarNode) -> int | float:
        if len(node.value) > MAX_DIGITS:
            raise YamlError(f"a number of {len(node.value)} digits is too long", node.start_mark)
        whole = node.tag.endswith(":int")
        value = self.construct_yaml_int(node) if whole else self.construct_yaml_float(node)
        if not math.isfinite(value):
            raise YamlError(f"{shown(node.value)} is not a finite number; give one", node.start_mark)
        return value


_PlainLoader.add_constructor("tag:yaml.org,2002:int", _PlainLoader.construct_number)
_PlainLoader.add_constructor("tag:yaml.org,2002:float", _PlainLoader.construct_number)


class _PlainDumper(yaml.SafeDumper):
    """Writes a text that is not printable in double quotes with escapes; in others a line break may be lost."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


_PlainDumper.add_representer(str, _PlainDumper.represent_text)


def plain_yaml(values: Any) -> str:
    """Plain values, lists and dictionaries as YAML that `read_plain_yaml` reads back as they were, whatever their text.

    Args:
        values: plain data; dictionaries keep their order.
    """
    return yaml.dump(values, Dumper=_PlainDumper, sort_keys=False, allow_unicode=True)


def read_plain_yaml(text: str) -> Any:
    """Read one YAML document of plain values, lists and dictionaries.

    Raises:
        YamlError: it is not such a document.
    """
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_PlainLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise YamlError("anchors and aliases (& and *) are not read; write the value out", event.start_mark)
            if tag := getattr(event, "tag", None):
                raise YamlError(f"the tag {shown(tag)} is not read; write a plain value", event.start_mark)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_YAML_DEPTH:
                raise YamlError(
                    f"nested more than {MAX_YAML_DEPTH} deep; write plain values and lists", event.start_mark
                )
        return yaml.load(text, Loader=_PlainLoader)
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise YamlError(f"not YAML ({shortened(problem, 100)})", getattr(error, "problem_mark", None)) from None
    except (ValueError, LookupError, ArithmeticError) as error:
        if isinstance(error, YamlError):
            raise
        raise YamlError(f"a value cannot be read ({shortened(str(error), 100)})") from None
