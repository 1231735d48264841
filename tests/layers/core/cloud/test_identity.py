"""Who calls is said by this invocation's context and by nothing else."""

import json
from typing import Any

import pytest

from gardenshop.cloud.identity import (
    Caller,
    Kind,
    Unreadable,
    caller_of,
    context_environment,
    credentials_of,
    user_id,
)
from gardenshop.cloud.tc3 import Credentials

OPENID = "o-member"


def test_a_user_id_is_fixed_by_the_openid() -> None:
    assert user_id("sample-operator") == "u40f30f190f8192b189c2172b"
    assert user_id("sample-operator") != user_id("sample-operator ")


@pytest.mark.parametrize(
    "context",
    [
        {"environment": json.dumps({"WX_OPENID": OPENID, "n": 1, "TCB_ENV": "e=1;2"})},
        {"environment": json.dumps({"WX_OPENID": OPENID, "TCB_ENV": "e=1;2"}), "environ": "WX_OPENID=other"},
    ],
)
def test_the_environment_is_json(context: dict[str, Any]) -> None:
    assert context_environment(context) == {"WX_OPENID": OPENID, "TCB_ENV": "e=1;2"}


def test_the_old_architecture_sends_pairs() -> None:
    context = {"environ": f"WX_OPENID={OPENID};TCB_SOURCE=wx_client,scf;EMPTY=;A=b=c;junk"}
    found = {"WX_OPENID": OPENID, "TCB_SOURCE": "wx_client,scf", "EMPTY": "", "A": "b=c"}

    assert context_environment(context) == found
    assert context_environment({**context, "environment": ""}) == found


@pytest.mark.parametrize("context", [{}, {"environment": None}, {"environ": None}, {"environ": ""}])
def test_a_context_may_carry_no_environment(context: dict[str, Any]) -> None:
    assert context_environment(context) == {}


@pytest.mark.parametrize(
    "context",
    [
        {"environment": "{"},
        {"environment": "[]"},
        {"environment": '"text"'},
        {"environment": 7},
        {"environment": "{", "environ": "WX_OPENID=a"},
        None,
        "text",
        [],
    ],
)
def test_a_context_that_cannot_be_read_is_nobodys(context: Any) -> None:
    with pytest.raises(Unreadable):
        context_environment(context)


@pytest.mark.parametrize("source", ["wx_client", "wx_devtools", "wx_client,scf", "wx_client,scf,scf"])
def test_a_member_is_a_client_of_the_mini_program(source: str) -> None:
    found = caller_of({"WX_OPENID": OPENID, "WX_UNIONID": "union", "TCB_SOURCE": source})

    assert found == Caller(Kind.MEMBER, OPENID, "union", user_id(OPENID))


@pytest.mark.parametrize(
    "source",
    [
        "",
        "wx_http",
        "wx_trigger",
        "wx_paycallback",
        "wx_crawler",
        "wx_localdebug",
        "wx_unknown",
        "scf",
        "other",
    ],
)
@pytest.mark.parametrize("chain", ["", ",wx_client"])
def test_an_openid_from_elsewhere_makes_no_member(source: str, chain: str) -> None:
    assert caller_of({"WX_OPENID": OPENID, "TCB_SOURCE": source + chain}) == Caller(Kind.OTHER)


@pytest.mark.parametrize("key", ["TCB_UUID", "TCB_CUSTOM_USER_ID", "QQ_OPENID"])
def test_clients_of_other_kinds_are_neither_member_nor_platform(key: str) -> None:
    assert caller_of({key: "somebody"}) == Caller(Kind.OTHER)
    assert caller_of({key: "somebody", "TCB_SOURCE": "wx_client"}) == Caller(Kind.OTHER)


@pytest.mark.parametrize("source", ["wx_client", "wx_devtools", "wx_crawler", "wx_localdebug", "wx_unknown"])
def test_a_client_without_an_identity_is_not_the_platform(source: str) -> None:
    assert caller_of({"TCB_SOURCE": source}) == Caller(Kind.OTHER)
    assert caller_of({"TCB_SOURCE": f"{source},scf", "WX_OPENID": ""}) == Caller(Kind.OTHER)


@pytest.mark.parametrize("source", ["", "wx_trigger", "wx_http", "scf"])
def test_who_has_no_client_identity_is_the_platform(source: str) -> None:
    assert caller_of({"TCB_SOURCE": source, "TCB_ENV": "env-1"}) == Caller(Kind.PLATFORM)


def test_credentials_come_from_the_context_and_all_from_one_place() -> None:
    stale = {"TENCENTCLOUD_SECRETID": "old", "TENCENTCLOUD_SECRETKEY": "old-key"}
    stale["TENCENTCLOUD_SESSIONTOKEN"] = "old-token"
    fresh = {"TENCENTCLOUD_SECRETID": "new", "TENCENTCLOUD_SECRETKEY": "new-key"}

    assert credentials_of(fresh, stale) == Credentials("new", "new-key", "")
    assert credentials_of({}, stale) == Credentials("old", "old-key", "old-token")
    assert credentials_of({}, {}) == Credentials("", "", "")
