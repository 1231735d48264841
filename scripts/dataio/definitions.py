"""The 28 definitions ``collections/<name>.json``, whose schemas come from the pydantic models.

A person writes descriptions, permission and indexes; `render` puts the schema beside them.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from gardenshop.models.registry import COLLECTIONS, model_of

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "collections"


@dataclass(frozen=True)
class Index:
    """One index: its fields with their directions, and what it enforces."""

    name: str
    keys: tuple[tuple[str, int], ...]
    unique: bool = False
    sparse: bool = False
    partial: dict[str, Any] | None = None


@dataclass(frozen=True)
class Definition:
    """One collection as its file defines it."""

    name: str
    description: str
    description_zh: str
    permission: str
    indexes: tuple[Index, ...]


class _Schema(GenerateJsonSchema):
    """JSON Schema without the field titles, which only repeat the names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # The parent's signature.
        return False


def schema_of(collection: str) -> dict[str, Any]:
    """Return the JSON Schema of the documents of *collection*, with the stored field names."""
    schema = model_of(collection).model_json_schema(by_alias=True, schema_generator=_Schema)
    return {"$schema": _Schema.schema_dialect, **schema}


def load(folder: Path = FOLDER) -> list[Definition]:
    """Return all definitions, in the order of the registry.

    Raises:
        FileNotFoundError: a collection of the registry has no file.
    """
    return [_parse(json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))) for name in COLLECTIONS]


def stale(folder: Path = FOLDER) -> list[str]:
    """Return the names of the definition files that `write` would change."""
    return [name for name in COLLECTIONS if _text(folder, name) != _rendered(folder, name)]


def write(folder: Path = FOLDER) -> list[str]:
    """Bring every file's schema up to date and return the names of those that changed."""
    changed = stale(folder)
    for name in changed:
        text = _rendered(folder, name)
        (folder / f"{name}.json").write_text(text, encoding="utf-8", newline="\n")
    return changed


def render(definition: dict[str, Any]) -> str:
    """Return the text of a definition file: one line per index, the schema regenerated and last."""
    indexes = ",".join(f"\n    {_json(index)}" for index in definition["indexes"])
    head = [
        f"  {_json(key)}: {_json(definition[key])}"
        for key in ("name", "description", "descriptionZh", "permission")
    ]
    schema = json.dumps(schema_of(definition["name"]), ensure_ascii=False, indent=2).replace("\n", "\n  ")
    lines = [
        *head,
        f'  "indexes": [{indexes}\n  ]' if indexes else '  "indexes": []',
        f'  "schema": {schema}',
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _parse(raw: dict[str, Any]) -> Definition:
    indexes = tuple(
        Index(
            item["name"],
            tuple((field, direction) for field, direction in item["keys"]),
            unique=item["unique"],
            sparse=item["sparse"],
            partial=item.get("partial"),
        )
        for item in raw["indexes"]
    )
    return Definition(raw["name"], raw["description"], raw["descriptionZh"], raw["permission"], indexes)


def _rendered(folder: Path, name: str) -> str:
    return render(json.loads(_text(folder, name)))


def _text(folder: Path, name: str) -> str:
    return (folder / f"{name}.json").read_text(encoding="utf-8")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
