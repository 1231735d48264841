"""The data dictionary ``collections/README.md``, written from the definitions and the models."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dataio.definitions import FOLDER, Definition, load, schema_of
from dataio.tables import describe

Schema = Mapping[str, Any]

PAGE = "README.md"

HEAD = """\
# Collections

The 28 collections of the back end. `<name>.json` beside this page is the definition that
`python3 scripts/data.py apply` brings into an environment: description, permission, indexes, and the
JSON Schema of the documents, which is generated from the models in `layers/core/gardenshop/models`.
`sample/` holds the documents that `python3 scripts/data.py load` stores.

This page is written by `python3 scripts/data.py schema --write`; do not edit it.

* `_id` is the first unique key, natural wherever one exists. Every document carries `schemaVersion`,
  `createdAt` and `updatedAt`.
* `…Fen` is money in fen, `…G` grams (of weight, or of CO2e), `…Bp` basis points, `…At` UTC epoch
  milliseconds; a day is `YYYY-MM-DD` in UTC+8. All numbers are integers.
* In the tables, `?` marks fields that may be left out, `[…]` lists, `{…}` maps from text.
"""

_COMMON = ("_id", "schemaVersion", "createdAt", "updatedAt")


def stale(folder: Path = FOLDER) -> bool:
    """Say whether the page is not what `write` would make it."""
    path = folder / PAGE
    return not path.exists() or path.read_text(encoding="utf-8") != render(load(folder))


def write(folder: Path = FOLDER) -> None:
    """Write the page."""
    (folder / PAGE).write_text(render(load(folder)), encoding="utf-8", newline="\n")


def render(definitions: Sequence[Definition]) -> str:
    """Return the whole page."""
    index = "\n".join(f"* [{one.name}](#{one.name}) {one.description_zh}" for one in definitions)
    return "\n".join([HEAD, index, "", *(_section(definition) for definition in definitions)])


def _section(definition: Definition) -> str:
    schema = schema_of(definition.name)
    indexes = [f"* index {describe(one)}{', sparse' if one.sparse else ''}" for one in definition.indexes]
    rows = [f"| {name} | {kind} |" for name, kind in _fields(schema) if name.rstrip("?") not in _COMMON]
    parts = [
        f"* `{name}`: {_sentence(part)} {'; '.join(map(' '.join, _fields(part)))}"
        for name, part in schema.get("$defs", {}).items()
        if "properties" in part
    ]
    lines = [
        f"## {definition.name}",
        "",
        f"{definition.description} {_sentence(schema)}",
        "",
        *(indexes or ["* no index beside `_id`"]),
        f"* permission {definition.permission}",
        "",
        "| field | value |",
        "|---|---|",
        *rows,
        "",
    ]
    return "\n".join([*lines, *parts, *([""] if parts else [])])


def _fields(schema: Schema) -> Iterator[tuple[str, str]]:
    """Yield the names, with a ``?`` where they may be left out, and the types of a model's fields."""
    required = schema.get("required", ())
    for name, value in schema["properties"].items():
        yield name if name in required else f"{name}?", _type(value)


def _sentence(schema: Schema) -> str:
    """Return the first paragraph of the model's description, on one line."""
    return " ".join(str(schema.get("description", "")).partition("\n\n")[0].split()).replace("``", "`")


def _type(value: Schema) -> str:  # noqa: PLR0911  # One return a kind.
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return "any JSON" if name == "JsonValue" else f"`{name}`"
    if "anyOf" in value:
        return next(_type(option) for option in value["anyOf"] if option.get("type") != "null")
    if "const" in value or "enum" in value:
        return " / ".join(str(item) for item in value.get("enum", [value.get("const")]))
    kind = value.get("type", "any JSON")
    if kind == "array":
        return f"[{_type(value['items'])}]{_at_most(value, 'maxItems')}"
    if kind == "object":
        return "{" + _type(_values(value)) + "}"
    if kind == "string":
        return f"text{_at_most(value, 'maxLength')}"
    return str(kind)


def _values(value: Schema) -> Schema:
    """Return the schema of a map's values, which stands under a pattern when the keys have one."""
    patterns: dict[str, Schema] = value.get("patternProperties", {})
    plain = value.get("additionalProperties")
    return plain if isinstance(plain, dict) else next(iter(patterns.values()), {})


def _at_most(value: Schema, limit: str) -> str:
    return f" ≤ {value[limit]}" if limit in value else ""
