"""The functions as their callers see them: who may call, what is asked and answered, in which words."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

from gardenshop.cloud.entry import MEMBER, OPERATOR
from gardenshop.cloud.errors import AppError, Fault

Schema = dict[str, Any]

_NULL = {"type": "null"}
_ROW = re.compile(r"^\| \[`(\w+)`\]\S+ \| [^|]+ \| [^|]+ \| [^|]+ \| ([^|]+) \|", re.MULTILINE)


class Entry(NamedTuple):
    """A function: JSON Schemas of its request and its reply's data, and what it answers in Chinese."""

    name: str
    caller: str
    request: Schema
    reply: Schema
    about: str


class Error(NamedTuple):
    """An error that a reply may name; the *transient* ones are worth another try."""

    name: str
    code: int
    text: str
    transient: bool


def read(root: Path) -> list[Entry]:
    """Return the functions of the project at *root* that the mini-program calls, by name."""
    about = dict(_ROW.findall((root / "functions/README.md").read_text("utf-8")))
    mains = {path.parent.name: _main(path) for path in sorted((root / "functions").glob("*/index.py"))}
    called = {name: main for name, main in mains.items() if main.caller in (MEMBER, OPERATOR)}
    return [_entry(name, main, about[name].strip()) for name, main in called.items()]


def errors() -> list[Error]:
    """Return every error that a reply may name, by code."""
    found = [Error(each.error, each.code, each.text, issubclass(each, Fault)) for each in _leaves(AppError)]
    return sorted(set(found), key=lambda error: error.code)


def _leaves(kind: type[AppError]) -> Iterator[type[AppError]]:
    """Yield the kinds below *kind* that are raised: those with a code of their own, or nothing below them."""
    for each in kind.__subclasses__():
        if "code" in vars(each) or not each.__subclasses__():
            yield each
        yield from _leaves(each)


def _main(path: Path) -> Any:
    """Import the function file *path* and return its declared function."""
    spec = importlib.util.spec_from_file_location(f"catalogue_{path.parent.name}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def _entry(name: str, main: Any, about: str) -> Entry:
    reply = get_type_hints(main.action)["return"]
    asked: Schema = main.request_type.model_json_schema()
    answered = _without_nulls(reply.model_json_schema(mode="serialization"))
    return Entry(name, main.caller, asked, answered, about)


def _without_nulls(schema: Any) -> Any:
    """Return the *schema* of a reply, from which a field that would be null is left out."""
    if isinstance(schema, list):
        return [_without_nulls(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _without_nulls(value) for key, value in schema.items()}
    fields = schema.get("properties")
    if isinstance(fields, dict) and "required" in schema:
        found["required"] = [name for name in schema["required"] if _NULL not in _choices(fields[name])]
    if isinstance(schema.get("anyOf"), list) and _NULL in schema["anyOf"]:
        others = [each for each in found.pop("anyOf") if each != _NULL]
        found |= others[0] if len(others) == 1 else {"anyOf": others}
        found.pop("default", None)
    return found


def _choices(schema: Schema) -> list[Schema]:
    return list(schema.get("anyOf", ()))
