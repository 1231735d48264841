"""The base of every request and response, and how an event becomes a request."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from gardenshop.cloud import ejson
from gardenshop.cloud.errors import InvalidRequest, TooLarge

MAX_EVENT = 100 * 1024
"""The platform's limit for a text request body, in bytes."""

_MAX_PROBLEMS = 20
_MAX_NAME = 64


class Request(BaseModel):
    """What a caller may send: camelCase, frozen, unknown fields refused."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True, defer_build=True
    )


class Response(BaseModel):
    """What a function answers: camelCase."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, defer_build=True)


class NoRequest(Request):
    """For actions that take no fields."""


class TimerEvent(Request):
    """What the platform's timers send. `time` dates the work, for timers run late and more than once."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    Type: str = "Timer"
    TriggerName: str = ""
    Time: str = ""
    Message: str = ""


RequestT = TypeVar("RequestT", bound=Request)


def parse(event: Any, request_type: type[RequestT]) -> RequestT:
    """Read *event* as a *request_type*. Raises InvalidRequest or TooLarge.

    ``userInfo``, which the platform adds to the data of the mini-program, is not asked.
    """
    if not isinstance(event, Mapping):
        raise InvalidRequest("请求必须是一个对象", fields=[{"field": "event", "problem": "object required"}])
    fields = {key: value for key, value in event.items() if key != "userInfo"}
    _check_size(fields)
    try:
        return request_type.model_validate(fields)
    except ValidationError as error:
        raise InvalidRequest(fields=problems(error)) from None


def demand_fields(**fields: Any) -> None:
    """Raise InvalidRequest for those *fields*, by their camelCase names, that are left out."""
    missing = [{"field": name, "problem": "missing"} for name, value in fields.items() if value is None]
    if missing:
        raise InvalidRequest(fields=missing)


def _check_size(fields: Mapping[str, Any]) -> None:
    try:
        size = len(ejson.encode_bytes(fields))
    except (TypeError, ValueError):
        wrong = [name for name, value in fields.items() if not _is_json(name, value)]
        problems = [{"field": _field([name]), "problem": "not JSON"} for name in wrong[:_MAX_PROBLEMS]]
        raise InvalidRequest("请求不是有效的 JSON", fields=problems) from None
    if size > MAX_EVENT:
        raise TooLarge(limitBytes=MAX_EVENT)


def _is_json(name: Any, value: Any) -> bool:
    """Say whether a field has a text for a name and is free of what JSON on our wire cannot carry."""
    try:
        ejson.encode_bytes({name: value})
    except (TypeError, ValueError):
        return False
    return True


def problems(error: ValidationError, *, within: Sequence[str] = ()) -> list[dict[str, str]]:
    """Name the fields that are wrong and how, never what they held; *within* is where they stand."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        {"field": _field([*within, *item["loc"]]), "problem": item["type"]} for item in found[:_MAX_PROBLEMS]
    ]


def _field(location: Sequence[Any]) -> str:
    return ".".join(_shown(part) for part in location) or "event"


def _shown(name: Any) -> str:
    """Return what may be said of a *name* that the caller made up: shortened, with nothing unseen in it."""
    return "".join(each if each.isprintable() else "?" for each in str(name)[:_MAX_NAME])
