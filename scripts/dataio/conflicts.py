"""Which documents a unique index would refuse, because another document has what must be theirs alone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, Protocol

from dataio import definitions
from dataio.definitions import Index
from dataio.port import Commands
from gardenshop.cloud.database import Command, find

_MOST = 1000

Value = tuple[Any, ...]


class Record(Protocol):
    """A document that is to be stored."""

    @property
    def collection(self) -> str: ...
    @property
    def document(self) -> dict[str, Any]: ...
    @property
    def key(self) -> str: ...


class _Question(NamedTuple):
    """What is asked of a unique index: who has one of the *values*, which are those of the records named."""

    collection: str
    unique: Index
    values: Mapping[Value, str]


def found(cloud: Commands, records: Sequence[Record]) -> dict[tuple[str, str], str]:
    """Return, by collection and key, which of *records* would be refused and why."""
    questions = list(_questions(records))
    if not questions:
        return {}
    replies = cloud.run([_command(each) for each in questions])
    return {
        (each.collection, each.values[value]): f"{each.unique.name} is that of {holder['_id']}"
        for each, holders in zip(questions, replies, strict=True)
        for holder in holders
        for value in _values(holder, each.unique)
        if each.values.get(value, holder["_id"]) != holder["_id"]
    }


def _questions(records: Sequence[Record]) -> Iterator[_Question]:
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[record.collection].append(record)
    for collection, group in groups.items():
        for index in _unique(collection):
            values = {value: each.key for each in group for value in _values(each.document, index)}
            if values:
                yield _Question(collection, index, values)


def _command(question: _Question) -> Command:
    names = [name for name, _ in question.unique.keys]
    if len(names) == 1:
        where: dict[str, Any] = {names[0]: {"$in": [value[0] for value in question.values]}}
    else:
        where = {"$or": [dict(zip(names, value, strict=True)) for value in question.values]}
    return find(question.collection, where, fields=names, limit=_MOST)


@cache
def _unique(collection: str) -> tuple[Index, ...]:
    indexes = next(each.indexes for each in definitions.load() if each.name == collection)
    return tuple(each for each in indexes if each.unique)


def _values(document: Mapping[str, Any], index: Index) -> Iterator[Value]:
    """Yield what *index* holds of *document*: of a list each item, and nothing where a field is absent."""
    names = [name for name, _ in index.keys]
    if len(names) == 1:
        yield from ((value,) for value in _at(document, names[0].split(".")))
        return
    value = tuple(document.get(name) for name in names)
    if None not in value:
        yield value


def _at(value: Any, path: Sequence[str]) -> Iterable[Any]:
    if isinstance(value, list):
        return [each for item in value for each in _at(item, path)]
    if not path:
        return [] if value is None else [value]
    return _at(value.get(path[0]), path[1:]) if isinstance(value, Mapping) else []
