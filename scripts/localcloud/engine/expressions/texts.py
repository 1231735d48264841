"""Expressions on strings."""

from collections.abc import Callable
from typing import Any

from bson import Regex

from localcloud.engine.errors import error
from localcloud.engine.expressions.conversions import to_string
from localcloud.engine.expressions.core import FUNCTIONS, NAMED, nullish
from localcloud.engine.expressions.numbers import MANY
from localcloud.engine.numeric import whole
from localcloud.engine.order import MISSING
from localcloud.engine.patterns import compile_regex, native
from localcloud.engine.types import type_name

_SPACES = "\0 \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"


def _text(operator: str, value: Any) -> str:
    if type(value) is not str:
        raise error(16702, f"{operator} only supports strings, not {type_name(value)}")
    return value


def _loose(value: Any) -> str:
    """Return *value* as the string that case and substring operators see."""
    return "" if nullish(value) else to_string(value)


def _concat(*values: Any) -> Any:
    return None if any(map(nullish, values)) else "".join(_text("$concat", value) for value in values)


def _split(value: Any, separator: Any) -> Any:
    if nullish(value) or nullish(separator):
        return None
    if separator == "":
        raise error(40087, "$split requires a non-empty separator")
    return _text("$split", value).split(_text("$split", separator))


def _index(operator: str, value: Any, *, least: int = 0) -> int:
    number = whole(value)
    if number is None or number < least:
        raise error(34450, f"{operator}: an index or length must be an integer >= {least}, found {value!r}")
    return number


def _sub_points(value: Any, start: Any, length: Any) -> str:
    first = _index("$substrCP", start)
    return _loose(value)[first : first + _index("$substrCP", length)]


def _sub_bytes(value: Any, start: Any, length: Any) -> str:
    first, count = _index("$substrBytes", start), _index("$substrBytes", length, least=-(2**31))
    encoded = _loose(value).encode("utf-8", "surrogatepass")
    try:
        return encoded[first : first + count if count >= 0 else None].decode()
    except UnicodeDecodeError as reason:
        raise error(28656, "$substrBytes: Invalid range, in the middle of a UTF-8 character.") from reason


def _index_of(value: Any, part: Any, start: Any = 0, end: Any = MISSING) -> Any:
    if nullish(value):
        return None
    text, wanted = _text("$indexOfCP", value), _text("$indexOfCP", part)
    last = len(text) if end is MISSING else _index("$indexOfCP", end)
    return text.find(wanted, _index("$indexOfCP", start), last)


def _trim(name: str) -> Callable[..., Any]:
    def apply(input: Any, chars: Any = _SPACES) -> Any:  # noqa: A002  # MongoDB's name
        if nullish(input) or nullish(chars):
            return None
        strip: Callable[[str], str] = getattr(_text("$trim", input), name)
        return strip(_text("$trim", chars))

    return apply


def _replace(count: int) -> Callable[..., Any]:
    def apply(input: Any, find: Any, replacement: Any) -> Any:  # noqa: A002  # MongoDB's name
        if nullish(input) or nullish(find) or nullish(replacement):
            return None
        return _text("$replace", input).replace(
            _text("$replace", find), _text("$replace", replacement), count
        )

    return apply


def _regex_match(input: Any, regex: Any, options: Any = None) -> bool:  # noqa: A002  # MongoDB's name
    if nullish(input) or nullish(regex):
        return False
    pattern: Regex[str] = compile_regex(regex, options or None)
    return native(str(pattern.pattern), pattern.flags).search(_text("$regexMatch", input)) is not None


def _strcasecmp(left: Any, right: Any) -> int:
    a, b = _loose(left).upper(), _loose(right).upper()
    return (a > b) - (a < b)


_INPUT = frozenset({"input"})
FUNCTIONS.update(
    {
        "$concat": (0, MANY, _concat),
        "$split": (2, 2, _split),
        "$strcasecmp": (2, 2, _strcasecmp),
        "$strLenCP": (1, 1, lambda value: len(_text("$strLenCP", value))),
        "$strLenBytes": (1, 1, lambda value: len(_text("$strLenBytes", value).encode())),
        "$substr": (3, 3, _sub_bytes),
        "$substrBytes": (3, 3, _sub_bytes),
        "$substrCP": (3, 3, _sub_points),
        "$indexOfCP": (2, 4, _index_of),
        "$toLower": (1, 1, lambda value: _loose(value).lower()),
        "$toUpper": (1, 1, lambda value: _loose(value).upper()),
    }
)
NAMED.update(
    {
        "$trim": (_INPUT, frozenset({"chars"}), _trim("strip")),
        "$ltrim": (_INPUT, frozenset({"chars"}), _trim("lstrip")),
        "$rtrim": (_INPUT, frozenset({"chars"}), _trim("rstrip")),
        "$replaceOne": (_INPUT | {"find", "replacement"}, frozenset(), _replace(1)),
        "$replaceAll": (_INPUT | {"find", "replacement"}, frozenset(), _replace(-1)),
        "$regexMatch": (_INPUT | {"regex"}, frozenset({"options"}), _regex_match),
    }
)
