"""Reading a command: which fields it may have, and the values that are harmless or refused."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from localcloud.engine.errors import error, unsupported
from localcloud.engine.numeric import whole
from localcloud.engine.types import is_number, type_name

Command = Mapping[str, Any]

_HARMLESS = {"comment", "maxTimeMS", "readConcern", "writeConcern", "$readPreference", "$db", "allowDiskUse"}
_SESSIONS = {"lsid", "txnNumber", "startTransaction", "autocommit"}
_FIELDS = {
    "find": {
        "filter",
        "projection",
        "sort",
        "skip",
        "limit",
        "hint",
        "batchSize",
        "singleBatch",
        "noCursorTimeout",
    },
    "count": {"query", "skip", "limit", "hint"},
    "insert": {"documents", "ordered", "bypassDocumentValidation"},
    "update": {"updates", "ordered", "bypassDocumentValidation"},
    "delete": {"deletes", "ordered"},
    "aggregate": {"pipeline", "cursor", "hint", "bypassDocumentValidation"},
}
_REFUSED = frozenset(
    [
        "let",
        "min",
        "max",
        "returnKey",
        "showRecordId",
        "tailable",
        "awaitData",
        "oplogReplay",
        "arrayFilters",
        "explain",
        "sort",
        "c",
        "rawData",
        "allowPartialResults",
    ]
)
_KNOWN_ELSEWHERE = frozenset(
    [
        "findAndModify",
        "findandmodify",
        "distinct",
        "getMore",
        "killCursors",
        "mapReduce",
        "bulkWrite",
        "explain",
        "create",
        "drop",
        "createIndexes",
        "dropIndexes",
        "listIndexes",
        "listCollections",
        "collMod",
        "renameCollection",
        "startSession",
        "commitTransaction",
        "abortTransaction",
        "collStats",
        "dbStats",
        "geoSearch",
        "dropDatabase",
    ]
)


def check_command(command: Command) -> str:
    """Return the name of *command*, having refused every field that could change its meaning."""
    if not isinstance(command, Mapping) or not command:
        raise error(59, "a command must be an object that begins with its name")
    name = next(iter(command))
    if name not in _FIELDS:
        if name in _KNOWN_ELSEWHERE:
            raise unsupported(f"The command {name}")
        raise error(59, f"no such command: '{name}'")
    check_fields(name, command, _FIELDS[name] | {name})
    return name


def check_fields(what: str, fields: Mapping[str, Any], known: AbstractSet[str]) -> None:
    """Refuse the *fields* of a command or a write statement that are not *known* or change its meaning."""
    for field, value in fields.items():
        if field in known or field in _HARMLESS:
            continue
        if field in _SESSIONS:
            raise unsupported(f"A session or transaction ({field})")
        if field == "collation":
            if not isinstance(value, Mapping) or value.get("locale") != "simple":
                raise unsupported("A collation other than simple")
            continue
        if field == "arrayFilters" and not value:
            continue
        if field in _REFUSED:
            raise unsupported(f"{what}.{field}")
        raise error(40415, f"BSON field '{what}.{field}' is an unknown field.")


def whole_number(command: Command, field: str) -> int:
    """Return the non-negative integer in *field*, 0 if it is absent."""
    value = command.get(field)
    if value is None:
        return 0
    if not is_number(value):
        raise error(14, f"BSON field '{field}' is the wrong type '{type_name(value)}'")
    number = whole(value)
    if number is None or number < 0:
        raise error(51024, f"BSON field '{field}' value must be an integer >= 0, actual value '{value}'")
    return number


def write_statements(command: Command, field: str) -> list[Any]:
    """Return the write statements in *field*; there must be at least one."""
    value = command.get(field)
    if not isinstance(value, list):
        raise error(40414, f"BSON field '{field}' is missing but a required field")
    if not value:
        raise error(16, "Write batch sizes must be between 1 and 100000. Got 0 operations.")
    if not all(isinstance(item, Mapping) for item in value):
        raise error(14, f"BSON field '{field}' must be an array of objects")
    return value


def mapping(command: Command, field: str) -> Mapping[str, Any]:
    """Return the object in *field*, empty if it is absent."""
    value = command.get(field)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise error(
            14, f"BSON field '{field}' is the wrong type '{type_name(value)}', expected type 'object'"
        )
    return value
