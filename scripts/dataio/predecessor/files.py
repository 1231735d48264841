"""The predecessor's six files: read, mapped record by record, every one accounted for."""

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from dataio.documents import record_of
from dataio.port import Commands
from dataio.predecessor import foods, plants, practitioners, products, recipes
from dataio.predecessor.source import Outcome, Refused, Source
from dataio.predecessor.values import key_of, name_key
from dataio.sample import reason

FILES = ("ingredients", "meat_products", "plant_templates", "practitioners", "recipes", "products")
"""In the order in which later ones refer to earlier ones."""

Documents = list[tuple[str, dict[str, Any]]]
Mapper = Callable[[Source], Documents]

_PAGE = 1000


class Unreadable(Exception):
    """A file is not what an export looks like; the message names it."""


class Names(NamedTuple):
    """Keys by `name_key`: of foods by their own name, of foods by any name, of plants, of practitioners."""

    own: dict[str, str]
    foods: dict[str, str]
    plants: dict[str, str]
    people: dict[str, str]


def stored_names(cloud: Commands | None) -> Names:
    """Return the names that the environment knows already; none without one."""
    own: dict[str, str] = {}
    aliases: dict[str, str] = {}
    for item in _all(cloud, "ingredients", "name", "aliases"):
        own[name_key(item["name"])] = item["_id"]
        aliases |= dict.fromkeys(map(name_key, item.get("aliases", ())), item["_id"])
    plant = {name_key(item["name"]): item["_id"] for item in _all(cloud, "plant_templates", "name")}
    people = {name_key(item["name"]): item["_id"] for item in _all(cloud, "practitioners", "name")}
    return Names(own, aliases | own, plant, people)


def convert(folder: Path, stored: Names) -> list[Outcome]:
    """Map every record of every file in *folder*; names resolve among the files and what is *stored*.

    Raises:
        Unreadable: a file is neither a JSON list nor JSON lines.
    """
    raw = {name: _load(folder / f"{name}.json") for name in FILES if (folder / f"{name}.json").exists()}
    names = _with_files(stored, raw)
    mappers = _mappers(names, stored)
    seen: set[tuple[str, str]] = set()
    return [
        _unique(_outcome(file, position, record, mappers[file]), seen)
        for file, records in raw.items()
        for position, record in enumerate(records, 1)
    ]


def _mappers(names: Names, stored: Names) -> Mapping[str, Mapper]:
    return {
        "ingredients": lambda source: _ingredient(source, stored),
        "meat_products": lambda source: [("meat_products", foods.meat_product(source))],
        "plant_templates": lambda source: [("plant_templates", plants.plant(source, names.plants))],
        "practitioners": lambda source: [("practitioners", practitioners.practitioner(source))],
        "recipes": lambda source: [("recipes", recipes.recipe(source, names.foods))],
        "products": lambda source: products.product(source, names.foods, names.people),
    }


def _ingredient(source: Source, stored: Names) -> Documents:
    """Map an ingredient, unless the shop has it under another name."""
    name = name_key(source.text("name"))
    if name in stored.foods and name not in stored.own:
        source.notes.append(f"not imported again: another name of {stored.foods[name]}, which the shop has")
        return []
    return [("ingredients", foods.ingredient(source, stored.own))]


def _outcome(file: str, position: int, raw: Any, mapper: Mapper) -> Outcome:
    name = _label(raw, position)
    try:
        if not isinstance(raw, dict):
            raise Refused("not an object")  # noqa: TRY301  # One way out for every refusal.
        source = Source(raw)
        records = [record_of(collection, document) for collection, document in mapper(source)]
    except Refused as refused:
        return Outcome(file, name, refusal=str(refused))
    except ValidationError as error:
        return Outcome(file, name, refusal=reason(error))
    return Outcome(file, name, records, source.notes, source.left() if records else ())


def _unique(outcome: Outcome, seen: set[tuple[str, str]]) -> Outcome:
    """Return *outcome*, refused if a record before it made a document of the same key."""
    keys = {(record.collection, record.key) for record in outcome.records}
    if twice := keys & seen:
        collection, key = min(twice)
        return Outcome(outcome.file, outcome.name, refusal=f"{collection} {key} was in the file before")
    seen |= keys
    return outcome


def _label(raw: Any, position: int) -> str:
    found = raw.get("name") if isinstance(raw, dict) else None
    key = next((raw[name] for name in raw if name.endswith("Id")), None) if isinstance(raw, dict) else None
    return " ".join(str(part) for part in (f"#{position}", key, found) if part)


def _with_files(stored: Names, raw: Mapping[str, list[Any]]) -> Names:
    """Return the *stored* names and those of the files; where both know a food, the stored one counts."""

    def named(file: str) -> Iterator[dict[str, Any]]:
        for item in raw.get(file, ()):
            if isinstance(item, dict) and isinstance(item.get("name"), str):
                yield item

    own = {
        name_key(item["name"]): key_of(item["name"], str(item.get("nameEn") or ""))
        for item in named("ingredients")
    }
    plant = {name_key(item["name"]): str(item.get("plantId")) for item in named("plant_templates")}
    return Names(own | stored.own, stored.foods | own | stored.own, plant | stored.plants, stored.people)


def _load(path: Path) -> list[Any]:
    """Return the records of *path*: a list, or an object a line, as the console exports them."""
    text = path.read_text(encoding="utf-8-sig")
    try:
        if text.lstrip().startswith("{"):
            return [_parsed(line) for line in text.split("\n") if line.strip()]
        found = _parsed(text)
    except ValueError as error:
        raise Unreadable(f"{path}: {error}") from error
    if not isinstance(found, list):
        raise Unreadable(f"{path} is not a list of records")
    return found


def _parsed(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_constant=Decimal)


def _all(cloud: Commands | None, collection: str, *fields: str) -> Iterator[dict[str, Any]]:
    last = ""
    while cloud is not None:
        (page,) = cloud.run(
            [
                {
                    "find": collection,
                    "filter": {"_id": {"$gt": last}},
                    "projection": dict.fromkeys(fields, 1),
                    "sort": {"_id": 1},
                    "limit": _PAGE,
                }
            ]
        )
        yield from page
        if len(page) < _PAGE:
            return
        last = page[-1]["_id"]
