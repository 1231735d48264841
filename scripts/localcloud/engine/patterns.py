"""Regular expressions: PCRE patterns on Python's ``re``, refusing what would mean something else."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from bson import Regex

from localcloud.engine.errors import error, unsupported
from localcloud.engine.order import encode

_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "x": re.VERBOSE, "s": re.DOTALL}
_DIFFERENT = ("[:", "\\Z", "(*", "\\Q")


def compile_regex(pattern: Any, options: Any = None) -> Regex[str]:
    """Return $regex with its $options (any of ``imxs``) as one value."""
    if options is not None and (not isinstance(options, str) or not set(options) <= _FLAGS.keys()):
        raise error(51108, f"invalid flag in regex options: {options}")
    if isinstance(pattern, re.Pattern):
        pattern = Regex.from_native(pattern)
    if isinstance(pattern, Regex):
        if options and pattern.flags:
            raise error(51075, "options set in both $regex and $options")
        return Regex(pattern.pattern, pattern.flags | _flags(options or ""))
    if not isinstance(pattern, str):
        raise error(2, "$regex has to be a string")
    return Regex(pattern, _flags(options or ""))


def _flags(options: str) -> int:
    flags = 0
    for option in options:
        flags |= _FLAGS[option]
    return flags


def searcher(pattern: "re.Pattern[str] | Regex[str]") -> Callable[[Any], bool]:
    """Return the test that a value is a string in which *pattern* is found, or is the same pattern."""
    wanted = Regex.from_native(pattern) if isinstance(pattern, re.Pattern) else pattern
    compiled = native(str(wanted.pattern), wanted.flags)
    key = encode(wanted)

    def found(value: Any) -> bool:
        if type(value) is str:
            return compiled.search(value) is not None
        return isinstance(value, Regex) and encode(value) == key

    return found


@lru_cache(maxsize=512)
def native(pattern: str, flags: int) -> "re.Pattern[str]":
    r"""Compile *pattern*; \w, \d, \s and \b are ASCII as in PCRE, unless case folding needs more."""
    for construct in _DIFFERENT:
        if construct in pattern:
            raise unsupported(f"{construct} in a regular expression")
    flags &= ~re.UNICODE
    if pattern.isascii() or not flags & re.IGNORECASE:
        flags |= re.ASCII
    try:
        return re.compile(pattern, flags)
    except (re.error, RecursionError, OverflowError) as reason:
        raise error(51091, f"Regular expression is invalid: {reason}") from reason
