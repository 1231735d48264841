"""Who may do what operators do: the table of roles, and nobody whom it does not name, whatever she sends."""

import ast
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from functions.builders import user
from functions.events import MODELLED, VALID, furnished, schema_of
from gardenshop.cloud.roles import ADMIN, MAY, roles_for
from gardenshop.models.user import Role
from harness import ROOT, A, Shop, function

OPERATORS = [name for name in MODELLED if function(name).main.caller == "operator"]
STAFF = "openid-staff"
ROLES = (*MAY, ADMIN)
FOR_ADMINS = {"admin_data"}
"""Functions with actions that no other role has a part in."""
FORGED: tuple[dict[str, Any], ...] = (
    {},
    {"userInfo": {"openId": STAFF, "appId": "wx0"}},
    {"roles": ["admin"]},
    {"role": "admin"},
    {"actor": "platform"},
    {"openid": STAFF},
    {"WX_OPENID": STAFF},
    {"TCB_SOURCE": "wx_trigger"},
    {"Type": "Timer", "Time": "2026-11-23T04:00:00Z"},
)
"""What a member may add to an event: nothing, what the platform adds for her, and what she makes up."""


@pytest.fixture(scope="module", name="shop")
def _shop() -> Iterator[Shop]:
    with furnished() as shop:
        yield shop


def actions(name: str) -> list[str]:
    """The actions that *name* knows, and none where it does without."""
    field = schema_of(name)["properties"].get("action", {})
    known = [action for kind in (field, *field.get("anyOf", ())) for action in kind.get("enum", ())]
    return known if "enum" in field else ["", *known]


DEEDS = [(name, action) for name in OPERATORS for action in actions(name)]


def event_of(name: str, action: str) -> Any:
    return {**deepcopy(VALID[name]), **({"action": action} if action else {})}


def hire(shop: Shop, *roles: str, status: str = "active") -> None:
    """Let the member of the staff have *roles* and no other."""
    shop.adapter.inner.run([{"delete": "users", "deletes": [{"q": {"openid": STAFF}, "limit": 1}]}])
    shop.add("users", user(STAFF, roles=list(roles), status=status))


@pytest.mark.parametrize(("name", "action"), DEEDS)
def test_a_member_is_refused_whatever_she_sends(shop: Shop, name: str, action: str) -> None:
    hire(shop, *ROLES)
    before = shop.dump()

    errors = [shop.call(name, {**event_of(name, action), **forged}, openid=A)["error"] for forged in FORGED]

    known = schema_of(name)["properties"].keys()
    forged = ["FORBIDDEN" if fields.keys() <= known else "INVALID_REQUEST" for fields in FORGED[2:]]
    assert errors == ["FORBIDDEN", "FORBIDDEN", *forged]
    assert shop.dump() == before


@pytest.mark.parametrize(("name", "action"), DEEDS)
def test_a_role_lets_its_holder_in_only_where_the_table_says_so(shop: Shop, name: str, action: str) -> None:
    for role in ROLES:
        hire(shop, role)
        reply = shop.call(name, {"unknown": 1}, openid=STAFF)
        assert reply["error"] == "INVALID_REQUEST"
        may = role == ADMIN or bool(MAY[role] & {name, f"{name}:{action}"})
        before = shop.dump()
        refused = shop.call(name, event_of(name, action), openid=STAFF).get("error") == "FORBIDDEN"
        assert refused is not may, role
        if refused:
            assert shop.dump() == before


@pytest.mark.parametrize(("name", "action"), DEEDS)
def test_whose_account_is_frozen_does_nothing_by_any_role(shop: Shop, name: str, action: str) -> None:
    hire(shop, *ROLES, status="frozen")

    reply = shop.refused(name, event_of(name, action), openid=STAFF)

    assert (reply["code"], reply["error"]) == (40940, "ACCOUNT_FROZEN")


@pytest.mark.parametrize(
    ("role", "name", "action"),
    [
        ("operator", "admin_commission_pay", "paid"),
        ("operator", "admin_data", "backup"),
        ("operator", "admin_data", "status"),
        ("operator", "admin_review_decide", "show"),
        ("warehouse", "admin_stock_adjust", "accept"),
        ("warehouse", "admin_order_ship", "reprice"),
        ("warehouse", "admin_product_save", "save"),
        ("service", "points_award", ""),
        ("service", "admin_refund_decide", "refund_again"),
        ("finance", "admin_refund_decide", "approve"),
        ("finance", "admin_campaign_save", "issue"),
        ("editor", "admin_product_save", "price"),
        ("editor", "admin_stock_adjust", "receive"),
        ("staff", "admin_order_ship", "ship"),
    ],
)
def test_nobody_has_more_than_her_work_takes(role: str, name: str, action: str) -> None:
    assert role not in roles_for(name, action)
    assert ADMIN in roles_for(name, action)


def test_the_table_names_what_there_is() -> None:
    known = {*OPERATORS, *(f"{name}:{action}" for name, action in DEEDS if action), "product_certify"}

    assert set(MAY) | {ADMIN} == set(Role.__args__)  # type: ignore[attr-defined]
    assert {deed for deeds in MAY.values() for deed in deeds} <= known
    assert {name for name, action in DEEDS if len(roles_for(name, action)) == 1} == FOR_ADMINS


@pytest.mark.parametrize("name", OPERATORS)
def test_a_function_asks_the_table_under_its_own_name(name: str) -> None:
    tree = ast.parse((ROOT / "functions" / name / "index.py").read_text("utf-8"))
    (named,) = (
        keyword.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "cloud_function"
        for keyword in node.keywords
        if keyword.arg == "name"
    )
    said = named.value if isinstance(named, ast.Constant) else function(name).NAME

    assert said == name
    assert roles_for(name) or actions(name)


MEMBERS = [name for name in MODELLED if function(name).main.caller == "member"]


@pytest.mark.parametrize("name", MEMBERS)
def test_a_frozen_member_reads_and_changes_nothing(shop: Shop, name: str) -> None:
    hire(shop, status="frozen")

    reply = shop.refused(name, VALID[name], openid=STAFF)

    assert reply["error"] == "ACCOUNT_FROZEN"
