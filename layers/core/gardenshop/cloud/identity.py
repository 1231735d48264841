"""Who is calling, said by the platform's context and by nothing else.

The context carries the caller's environment as a JSON string (``environment``) or, on the old architecture,
as ``k=v;k=v`` (``environ``). The event is the caller's to forge, and ``os.environ`` keeps the
former caller of a warm instance, so neither is ever asked.
"""

import hashlib
import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

from gardenshop.cloud.tc3 import Credentials


class Kind(Enum):
    """The kinds of caller the platform can tell apart."""

    MEMBER = "member"
    PLATFORM = "platform"
    OTHER = "other"


_MEMBER_SOURCES = frozenset({"wx_client", "wx_devtools"})
_CLIENT_SOURCES = _MEMBER_SOURCES | {"wx_crawler", "wx_localdebug", "wx_unknown"}
"""Clients all of them: none is the platform because it comes without an identity."""
_FOREIGN_KEYS = ("WX_OPENID", "TCB_UUID", "TCB_CUSTOM_USER_ID", "QQ_OPENID")


class Caller(NamedTuple):
    """The caller of one invocation.

    MEMBER is a WeChat user of the mini-program; PLATFORM has no client identity: a timer, an HTTP access
    route, the console or a signed management call; OTHER is any other client and is never served.
    """

    kind: Kind
    openid: str = ""
    unionid: str = ""
    user_id: str = ""


def user_id(openid: str) -> str:
    """Return the `users` id of *openid*: fixed, so that no read is needed to know whose data to ask for."""
    return "u" + hashlib.sha256(openid.encode()).hexdigest()[:24]


class Unreadable(ValueError):
    """The context carries an environment that cannot be read, so nobody can be told apart."""


def context_environment(context: Any) -> dict[str, str]:
    """Return the per-invocation environment of *context*; empty when the platform sent none.

    Raises Unreadable when there is one that cannot be read, or no context at all: never taken for a call
    without a client.
    """
    if not isinstance(context, Mapping):
        raise Unreadable
    environment = context.get("environment")
    if environment:
        return _from_json(environment)
    environ = context.get("environ")
    if isinstance(environ, str):
        return dict(part.split("=", 1) for part in environ.split(";") if "=" in part)
    return {}


def _from_json(text: Any) -> dict[str, str]:
    try:
        values = json.loads(text)
    except (TypeError, ValueError) as error:
        raise Unreadable from error
    if not isinstance(values, dict):
        raise Unreadable
    return {key: value for key, value in values.items() if isinstance(value, str)}


def caller_of(environment: Mapping[str, str]) -> Caller:
    """Say who calls, from the *environment* of this invocation's context."""
    openid = environment.get("WX_OPENID", "")
    source = environment.get("TCB_SOURCE", "").split(",")[0]
    if openid and source in _MEMBER_SOURCES:
        return Caller(Kind.MEMBER, openid, environment.get("WX_UNIONID", ""), user_id(openid))
    if source in _CLIENT_SOURCES or any(environment.get(key) for key in _FOREIGN_KEYS):
        return Caller(Kind.OTHER)
    return Caller(Kind.PLATFORM)


def credentials_of(environment: Mapping[str, str], fallback: Mapping[str, str]) -> Credentials:
    """Return this invocation's cloud credentials; they rotate, so they are never kept.

    The process environment (*fallback*) serves where the context does not carry them.
    """
    source = environment if environment.get("TENCENTCLOUD_SECRETID") else fallback
    return Credentials(
        source.get("TENCENTCLOUD_SECRETID", ""),
        source.get("TENCENTCLOUD_SECRETKEY", ""),
        source.get("TENCENTCLOUD_SESSIONTOKEN", ""),
    )
