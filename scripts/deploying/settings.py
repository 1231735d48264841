"""The values that cloudbaserc.json takes from outside, where alone secrets are."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from deploying.errors import NotDeployable

_TEMPLATE = re.compile(r"\{\{\s*env\.(\w+)\s*\}\}")
_PEM = re.compile(r"\s*-----BEGIN [A-Z ]+-----(.+?)-----END [A-Z ]+-----\s*", re.DOTALL)


def values(environ: Mapping[str, str], file: Path | None) -> dict[str, str]:
    """Return *environ* with what *file*, of lines NAME=value, says of it.

    A key in PEM is reduced to the base64 within, which is how the functions read keys: half of an
    environment's 4 KB would go on line breaks and dashes otherwise, and templates carry no line breaks.
    """
    if file is not None and not file.is_file():
        raise NotDeployable(f"The file of settings {file} is not there.")
    given = {**environ, **(_read(file) if file else {})}
    return {name: _reduced(value) for name, value in given.items()}


def names(text: str) -> Iterator[str]:
    """Yield the names that the templates of *text* ask for."""
    yield from _TEMPLATE.findall(text)


def filled(value: Any, given: Mapping[str, str]) -> Any:
    """Fill the templates in all strings of *value*, a parsed file, from *given*; unset ones become empty."""
    if isinstance(value, str):
        return _TEMPLATE.sub(lambda found: given.get(found[1], ""), value)
    if isinstance(value, dict):
        return {key: filled(item, given) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, given) for item in value]
    return value


def fingerprint(env_id: str, name: str, value: str) -> str:
    """Return a mark that changes with *value* and, of its own, tells it to nobody."""
    return hashlib.sha256(f"{env_id}\0{name}\0{value}".encode()).hexdigest()[:8]


def _read(file: Path) -> dict[str, str]:
    return {name: value or "" for name, value in dotenv_values(file, interpolate=False).items()}


def _reduced(value: str) -> str:
    found = _PEM.fullmatch(value)
    return "".join(found[1].split()) if found else value
