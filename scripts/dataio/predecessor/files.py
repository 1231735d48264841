"""The predecessor's files: read, mapped record by record, every one accounted for."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from dataio.documents import record_of
from dataio.port import Commands
from dataio.predecessor import foods, members, orders, plants, practitioners, products, recipes
from dataio.predecessor.sheets import LAYOUTS, path_of, read
from dataio.predecessor.source import Documents, Outcome, Refused, Source
from dataio.predecessor.values import key_of, name_key
from dataio.sample import reason
from gardenshop.cloud.database import find

FILES = (
    "ingredients",
    "meat_products",
    "plant_templates",
    "practitioners",
    "recipes",
    "products",
    "members",
    "orders",
)
"""In the order in which later ones refer to earlier ones."""

Mapper = Callable[[Source], Documents]

_PAGE = 1000


class Names(NamedTuple):
    """Keys by `name_key`: of foods by their own name, of foods by any name, of plants, of practitioners.

    *owners* are the members who have claimed an account of the old shop, by its id.
    """

    own: dict[str, str]
    foods: dict[str, str]
    plants: dict[str, str]
    people: dict[str, str]
    owners: Mapping[str, str] = {}


def stored_names(cloud: Commands | None) -> Names:
    """Return the names that the environment knows already; none without one."""
    own: dict[str, str] = {}
    aliases: dict[str, str] = {}
    for item in _all(cloud, "ingredients", "name", "aliases"):
        own[name_key(item["name"])] = item["_id"]
        aliases |= dict.fromkeys(map(name_key, item.get("aliases", ())), item["_id"])
    plant = {name_key(item["name"]): item["_id"] for item in _all(cloud, "plant_templates", "name")}
    people = {name_key(item["name"]): item["_id"] for item in _all(cloud, "practitioners", "name")}
    claimed = _all(cloud, "users", "mergedInto", prefix="legacy:")
    owners = {item["_id"]: item["mergedInto"] for item in claimed if "mergedInto" in item}
    return Names(own, aliases | own, plant, people, owners)


def files(folder: Path) -> list[Path]:
    """Return the files of *folder* that are read, in their order.

    Raises:
        Unreadable: one is there in two forms.
    """
    return [path for name in FILES if (path := path_of(folder, name))]


def convert(
    folder: Path, stored: Names, *, layouts: Path = LAYOUTS, phone_hash_key: str | None = None
) -> Iterator[Outcome]:
    """Map every record of every file in *folder*; names resolve among the files and what is *stored*.

    One record is held at a time, and of a JSON list the file.

    Raises:
        Unreadable: a file is not what an export looks like.
    """
    names = _with_files(stored, folder, layouts)
    mappers = _mappers(names, stored, phone_hash_key)
    for path in files(folder):
        seen: set[tuple[str, str]] = set()
        for position, record in enumerate(read(path, layouts), 1):
            yield _unique(_outcome(path.stem, position, record, mappers[path.stem]), seen)


def _mappers(names: Names, stored: Names, phone_hash_key: str | None) -> Mapping[str, Mapper]:
    return {
        "ingredients": lambda source: _ingredient(source, stored),
        "meat_products": lambda source: [("meat_products", foods.meat_product(source))],
        "plant_templates": lambda source: [("plant_templates", plants.plant(source, names.plants))],
        "practitioners": lambda source: [("practitioners", practitioners.practitioner(source))],
        "recipes": lambda source: [("recipes", recipes.recipe(source, names.foods))],
        "products": lambda source: products.product(source, names.foods, names.people),
        "members": lambda source: members.member(source, phone_hash_key),
        "orders": lambda source: orders.order(source, names.owners),
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
    fields = raw if isinstance(raw, dict) else {}
    key = next((fields[name] for name in fields if name.endswith(("Id", "No"))), None)
    return " ".join(str(part) for part in (f"#{position}", key, fields.get("name")) if part)


def _with_files(stored: Names, folder: Path, layouts: Path) -> Names:
    """Return the *stored* names and those of the files; where both know a food, the stored one counts."""

    def named(file: str) -> Iterator[dict[str, Any]]:
        path = path_of(folder, file)
        for item in read(path, layouts) if path else ():
            if isinstance(item, dict) and isinstance(item.get("name"), str):
                yield item

    own = {
        name_key(item["name"]): key_of(item["name"], str(item.get("nameEn") or ""))
        for item in named("ingredients")
    }
    plant = {name_key(item["name"]): str(item.get("plantId")) for item in named("plant_templates")}
    return stored._replace(
        own=own | stored.own, foods=stored.foods | own | stored.own, plants=plant | stored.plants
    )


def _all(cloud: Commands | None, collection: str, *fields: str, prefix: str = "") -> Iterator[dict[str, Any]]:
    """Yield the documents whose ids begin with *prefix*, page by page."""
    last = prefix
    while cloud is not None:
        where = {"_id": {"$gt": last, **({"$lt": f"{prefix}\uffff"} if prefix else {})}}
        (page,) = cloud.run([find(collection, where, fields=fields, sort={"_id": 1}, limit=_PAGE)])
        yield from page
        if len(page) < _PAGE:
            return
        last = page[-1]["_id"]
