"""Asking every function what it runs: its own word, against what is expected of it.

A function answers ``{"health": true}`` of an operator with the digests of its file and of its layers.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from dataio.cloudapi import CloudError
from deploying.environment import Environment

HEALTH = {"health": True}


class Expected(NamedTuple):
    """What a function is expected to run: the digest of its file, and those of its layers by alias."""

    function: str
    code: str
    layers: Mapping[str, str]
    differences: Sequence[str] = ()


class Verdict(NamedTuple):
    """What is wrong with a function; nothing when it runs what is expected."""

    function: str
    wrong: tuple[str, ...]
    milliseconds: float = 0


def verify(environment: Environment, expected: Sequence[Expected]) -> Iterator[Verdict]:
    """Ask each function, and say what is wrong with it."""
    for each in expected:
        try:
            invoked = environment.invoke(each.function, HEALTH)
        except CloudError as error:
            yield Verdict(each.function, (str(error),))
            continue
        told = invoked.result.get("data") if isinstance(invoked.result, dict) else None
        if not isinstance(told, dict) or "code" not in told:
            failure = invoked.failure.strip().splitlines()[-1:] or [
                "it does not answer the question of its health"
            ]
            yield Verdict(each.function, tuple(failure), invoked.milliseconds)
            continue
        yield Verdict(each.function, tuple(_wrong(each, told)), invoked.milliseconds)


def digest_of(index: bytes) -> str:
    """Return the digest of a function's file, as the function tells it of itself."""
    return hashlib.sha256(index).hexdigest()[:16]


def _wrong(expected: Expected, told: Mapping[str, object]) -> Iterator[str]:
    if told["code"] != expected.code:
        yield f"runs code {told['code']}, not {expected.code}"
    layers = told.get("layers")
    layers = layers if isinstance(layers, dict) else {}
    for alias, digest in expected.layers.items():
        if layers.get(alias) != digest:
            yield f"has layer {alias} {layers.get(alias)}, not {digest}"
    yield from expected.differences
