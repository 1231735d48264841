"""What an environment lacks of the defined collections, and creating it: nothing is ever dropped.

An index counts as present when one has its fields, directions and uniqueness, whatever its name.
The cloud does not tell whether an index is sparse or partial, so that is not compared.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from dataio.cloudapi import ExistingIndex
from dataio.definitions import Definition, Index


class Tables(Protocol):
    """The part of the cloud's API that tables need."""

    def collections(self) -> list[str]: ...
    def create_collection(self, name: str, permission: str) -> None: ...
    def indexes(self, collection: str) -> list[ExistingIndex]: ...
    def create_index(self, collection: str, index: Index) -> None: ...
    def permission(self, collection: str) -> str: ...
    def set_permission(self, collection: str, tag: str) -> None: ...


@dataclass(frozen=True)
class Change:
    """One thing to do; *index* says which when it is an index."""

    kind: Literal["create collection", "create index", "set permission"]
    definition: Definition
    index: Index | None = None

    @property
    def text(self) -> str:
        """The change in words."""
        what = describe(self.index) if self.index else ""
        if self.kind == "set permission":
            what = self.definition.permission
        return f"{self.kind} {self.definition.name} {what}".rstrip()


class Plan(NamedTuple):
    """What to create, what differs and stays as it is, and collections that no definition knows."""

    changes: tuple[Change, ...]
    drift: tuple[str, ...]
    unknown: tuple[str, ...]


def plan(cloud: Tables, definitions: Sequence[Definition]) -> Plan:
    """Compare the environment with *definitions*; changes nothing."""
    existing = set(cloud.collections())
    changes: list[Change] = []
    drift: list[str] = []
    for definition in definitions:
        if definition.name not in existing:
            changes.append(Change("create collection", definition))
            changes += [Change("create index", definition, index) for index in definition.indexes]
            continue
        found = cloud.indexes(definition.name)
        changes += _missing(definition, found)
        drift += _drift(definition, found)
        if cloud.permission(definition.name) != definition.permission:
            changes.append(Change("set permission", definition))
    unknown = existing - {definition.name for definition in definitions}
    return Plan(tuple(changes), tuple(drift), tuple(sorted(unknown)))


def apply(cloud: Tables, changes: Sequence[Change]) -> Iterator[Change]:
    """Make *changes* one by one, yielding each when it is done: broken off, the next plan has the rest."""
    for change in changes:
        name = change.definition.name
        if change.index:
            cloud.create_index(name, change.index)
        elif change.kind == "create collection":
            cloud.create_collection(name, change.definition.permission)
        else:
            cloud.set_permission(name, change.definition.permission)
        yield change


def describe(index: Index | ExistingIndex) -> str:
    """Return an index in words: ``userId, createdAt↓ (unique)``."""
    keys = ", ".join(field + ("" if direction == 1 else "↓") for field, direction in index.keys)
    return f"{keys} (unique)" if index.unique else keys


def _missing(definition: Definition, found: Sequence[ExistingIndex]) -> Iterator[Change]:
    """Yield the indexes to create; one whose name is taken by another is drift, for a person to solve."""
    present = {(index.keys, index.unique) for index in found}
    names = {index.name for index in found}
    for index in definition.indexes:
        if (index.keys, index.unique) not in present and index.name not in names:
            yield Change("create index", definition, index)


def _drift(definition: Definition, found: Sequence[ExistingIndex]) -> Iterator[str]:
    wanted = {(index.keys, index.unique) for index in definition.indexes}
    names = {index.name: index for index in definition.indexes}
    for index in found:
        if (index.keys, index.unique) in wanted:
            continue
        if index.name in names:
            should = describe(names[index.name])
            yield f"{definition.name}: index {index.name} is {describe(index)}, defined as {should}"
        else:
            yield f"{definition.name}: index {index.name} on {describe(index)} is not defined"
