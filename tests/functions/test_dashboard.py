"""dashboard: figures for who signed in, has the role still, and has not left; a code that works once."""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from faults import lost_reply
from functions.at_board import OWN, Reply, code_of, enter, get, post
from functions.builders import NOW, document, edit, rule, stock_up, suggestion, user
from functions.conftest import Clock
from gardenshop.board import library
from gardenshop.cloud.clock import DAY, HOUR, MINUTE
from harness import ROOT, A, B, Shop, user_id

WRONG = "ZZZZ-ZZZZ-ZZZZ"
NOTED = ROOT / "layers/echarts/echarts/README.md"
NORTH = {"supplierId": "north", "name": "北仓"}


@pytest.fixture(autouse=True)
def _operators(shop: Shop, clock: Clock) -> None:
    """A is an operator, B is not."""
    del clock
    shop.add("users", user(A, roles=["operator"], nickname="值班掌柜"))
    shop.add("users", user(B))


def refused(reply: Reply, status: int) -> None:
    assert reply["statusCode"] == status
    assert "Set-Cookie" not in reply["headers"]
    assert "figures" not in reply["body"]


def figure(kind: str, day: str, **metrics: Any) -> dict[str, Any]:
    return document(
        "data_dashboard",
        id=f"{kind}:{day}",
        kind=kind,
        day=day,
        metrics=metrics,
        inputs={"at": NOW},
        final=True,
    )


def test_the_page_allows_its_own_script_and_library_and_nothing_else(shop: Shop) -> None:
    reply = get(shop)

    assert (reply["statusCode"], reply["headers"]["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert shop.adapter.trips == 0
    policy = reply["headers"]["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; connect-src 'self'; ")
    assert "unsafe" not in policy
    body = reply["body"]
    ((name, digest),) = re.findall(r'src="\?library=([0-9a-f]+)" integrity="([^"]+)"', body)
    assert policy.endswith(f" '{digest}'")
    assert len(re.findall(r"'sha256-", policy)) == 3
    assert get(shop, library=name)["statusCode"] == 200
    assert not re.findall(r"""(?:src|href)=["'](?!data:,|#main|\?library=)""", body)
    assert not re.findall(r"""\son\w+=|\sstyle=|innerHTML""", body)


def test_the_page_travels_compressed_and_once(shop: Shop) -> None:
    event = {"httpMethod": "GET", "headers": {"accept-encoding": "gzip, br"}}
    packed, plain = shop.call("dashboard", event), get(shop)

    assert packed["isBase64Encoded"]
    assert packed["headers"]["Content-Encoding"] == "gzip"
    body = base64.b64decode(packed["body"])
    assert gzip.decompress(body).decode() == plain["body"]
    assert len(body) < 20_000
    again = shop.call("dashboard", event | {"headers": {"if-none-match": packed["headers"]["ETag"]}})
    assert (again["statusCode"], again["body"]) == (304, "")


def test_the_library_is_what_its_publisher_published_for_everybody_and_for_ever(shop: Shop) -> None:
    version, digest = re.findall(r"`echarts` ([\d.]+)|`([0-9a-f]{64})`", NOTED.read_text("utf-8"))
    reply = get(shop, library=library().name)

    content = gzip.decompress(base64.b64decode(reply["body"]))
    assert hashlib.sha256(content).hexdigest() == digest[1]
    assert f't.version="{version[0]}"'.encode() in content
    assert b"Licensed to the Apache Software Foundation" in content[:400]
    assert (reply["statusCode"], shop.adapter.trips) == (200, 0)
    assert reply["headers"] == {
        "Content-Type": "text/javascript; charset=utf-8",
        "Content-Encoding": "gzip",
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Strict-Transport-Security": "max-age=31536000",
    }
    assert len(json.dumps(reply)) < 1_000_000, "what the platform lets through"


def test_a_library_of_another_name_is_not_there(shop: Shop) -> None:
    reply = get(shop, library="0" * 16)

    refused(reply, 404)
    assert "Cache-Control" not in reply["headers"]


def test_only_the_dashboard_carries_the_library() -> None:
    config = json.loads((ROOT / "cloudbaserc.json").read_text("utf-8"))

    carry = [each["name"] for each in config["functions"] if "echarts_" in json.dumps(each["layers"])]
    assert carry == ["dashboard"]
    assert {path.name for path in NOTED.parent.rglob("*") if path.is_file()} == {
        "README.md",
        "echarts.min.js",
        "LICENSE",
        "NOTICE",
        "LICENSE-d3",
        "LICENSE-zrender",
    }


def test_figures_come_in_one_trip_with_the_plan(shop: Shop) -> None:
    shop.add("data_dashboard", figure("sales", "2026-11-23", gmvFen=5))
    shop.add("data_dashboard", figure("sales", "2026-11-10", gmvFen=7))
    shop.add("data_dashboard", figure("loyalty", "2026-11-22", buyers=1))
    shop.add("data_dashboard", figure("recommend", "2026-11-23", weights={}))
    shop.add("business_rules", rule("plan", {"gmvFen": {"2026-11": 900}}, category="plan"))
    stock_up(shop)
    edit(shop, "inventory", "tofu-500g", {"suggestion": suggestion(), "supplier": NORTH})
    cookie = enter(shop, code_of(shop))

    reply = get(shop, cookie, days="7")

    assert shop.adapter.trips == 1
    assert (reply["statusCode"], reply["headers"]["Cache-Control"]) == (200, "private, no-cache")
    view = json.loads(reply["body"])
    assert (view["today"], view["operator"]) == ("2026-11-23", "值班掌柜")
    assert view["targets"] == {"gmvFen": 900, "repurchaseBp": 2000, "retentionBp": 3000}
    assert [(each["kind"], each["day"]) for each in view["figures"]] == [
        ("sales", "2026-11-23"),
        ("loyalty", "2026-11-22"),
    ]
    assert view["may"] == ["accept", "dismiss"]
    assert view["suggestions"] == [
        {
            "skuId": "tofu-500g",
            "title": "北豆腐 500g",
            "supplier": "北仓",
            "suggestionId": "tofu-500g:2026-11-23",
            "quantity": 30,
            "costFen": 3000,
            "returnBp": 0,
            "withinBudget": True,
            "arrivesOn": "2026-11-30",
            "reasons": ["缺货"],
            "projection": suggestion()["projection"],
            "at": NOW - DAY,
        }
    ]
    assert len(json.loads(get(shop, cookie, days="30")["body"])["figures"]) == 3
    refused(get(shop, cookie, days="31"), 400)


def test_the_session_is_a_cookie_that_scripts_and_other_sites_cannot_use(shop: Shop) -> None:
    reply = post(shop, {"action": "enter", "code": code_of(shop)})

    name, *flags = reply["headers"]["Set-Cookie"].split("; ")
    assert name.startswith("__Host-board=now~signin:2026-11-23:")
    assert flags == ["Max-Age=28800", "Path=/", "Secure", "HttpOnly", "SameSite=Strict"]


def test_a_code_may_be_typed_in_small_letters_without_its_dashes(shop: Shop) -> None:
    assert enter(shop, f" {code_of(shop).replace('-', '').lower()} ")


def test_a_code_works_once(shop: Shop, clock: Clock) -> None:
    code = code_of(shop)
    enter(shop, code)
    clock.now += 1

    refused(post(shop, {"action": "enter", "code": code}), 401)


def test_a_code_entered_by_many_at_once_lets_one_in(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    body = json.dumps({"action": "enter", "code": code_of(shop)})
    event = {"httpMethod": "POST", "headers": OWN, "body": body}

    replies = at_once(*[("dashboard", event, "")] * 4)

    assert sorted(reply["statusCode"] for reply in replies) == [204, 401, 401, 401]


def test_who_is_overtaken_while_entering_stays_outside(shop: Shop, clock: Clock) -> None:
    code, trips, inside = code_of(shop), [0], list[str]()

    def overtake(_: object) -> None:
        trips[0] += 1
        if trips[0] == 2:
            clock.now += 1
            inside.append(enter(shop, code))
            clock.now += 1

    shop.adapter.before = overtake

    refused(post(shop, {"action": "enter", "code": code}), 401)
    assert get(shop, inside[0], days="7")["statusCode"] == 200


@pytest.mark.parametrize(("age", "status"), [(10 * MINUTE - 1, 204), (10 * MINUTE, 401)])
def test_a_code_is_good_for_ten_minutes(shop: Shop, age: int, status: int) -> None:
    reply = post(shop, {"action": "enter", "code": code_of(shop, now=NOW - age)})

    assert reply["statusCode"] == status


def test_a_code_made_before_midnight_is_good_after_it(shop: Shop, clock: Clock) -> None:
    clock.now = NOW + 12 * HOUR + MINUTE

    assert enter(shop, code_of(shop, now=NOW + 12 * HOUR - MINUTE))


def test_after_five_tries_even_the_right_code_is_dead(shop: Shop) -> None:
    code, other = code_of(shop), code_of(shop)
    for _ in range(5):
        refused(post(shop, {"action": "enter", "code": code[:4] + WRONG[4:]}), 401)

    refused(post(shop, {"action": "enter", "code": code}), 401)
    assert enter(shop, other)


@pytest.mark.parametrize("code", [WRONG, "", "-", "豆腐", "x" * 40])
def test_a_code_that_nobody_has_changes_nothing(shop: Shop, code: str) -> None:
    code_of(shop)
    before = shop.dump()

    refused(post(shop, {"action": "enter", "code": code}), 401)
    assert shop.dump() == before


@pytest.mark.parametrize(
    "changes", [{"roles": ["finance"]}, {"roles": []}, {"status": "frozen"}], ids=["other", "none", "frozen"]
)
def test_a_session_ends_with_the_role(shop: Shop, changes: dict[str, Any]) -> None:
    cookie = enter(shop, code_of(shop))
    edit(shop, "users", user_id(A), changes)

    refused(get(shop, cookie, days="7"), 403)


def test_a_session_of_somebody_without_the_role_shows_nothing(shop: Shop) -> None:
    refused(get(shop, enter(shop, code_of(shop, B)), days="7"), 403)


@pytest.mark.parametrize(("after", "status"), [(8 * HOUR - 1, 200), (8 * HOUR, 401)])
def test_a_session_ends_after_a_day_of_work(shop: Shop, clock: Clock, after: int, status: int) -> None:
    cookie = enter(shop, code_of(shop))
    clock.now = NOW + after

    assert get(shop, cookie, days="7")["statusCode"] == status


def test_leaving_ends_every_copy_of_the_session(shop: Shop) -> None:
    cookie, other = enter(shop, code_of(shop)), enter(shop, code_of(shop))

    reply = post(shop, {"action": "leave"}, cookie)

    assert reply["headers"]["Set-Cookie"].startswith("__Host-board=; Max-Age=0; ")
    refused(get(shop, cookie, days="7"), 401)
    assert get(shop, other, days="7")["statusCode"] == 200
    assert post(shop, {"action": "leave"}, cookie)["statusCode"] == 204


def forged(cookie: str) -> list[str]:
    said, _, signature = cookie.rpartition("~")
    kid, signin, _, until = said.split("~")
    return [
        "",
        "__Host-board=",
        "board=" + cookie.partition("=")[2],
        f"{kid}~{signin}~{user_id(B)}~{until}~{signature}",
        f"{kid}~{signin}~{user_id(A)}~{int(until) + DAY}~{signature}",
        f"{said}~{signature[:-1]}",
        f"{said}~豆腐",
        f"__Host-board=gone{said.partition('now')[2]}~{signature}",
        f"{kid}~{signature}",
    ]


def test_a_session_cannot_be_made_up(shop: Shop) -> None:
    cookie = enter(shop, code_of(shop))
    for each in forged(cookie):
        refused(get(shop, each, days="7"), 401)
    assert get(shop, cookie, days="7")["statusCode"] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"x-board": "0"},
        {"x-board": ""},
        {"origin": "https://elsewhere.example"},
        {"origin": "https://shop.example.elsewhere.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "", "host": ""},
    ],
    ids=str,
)
def test_what_another_site_posts_is_refused(shop: Shop, headers: dict[str, str]) -> None:
    code = code_of(shop)
    before = shop.dump()

    refused(post(shop, {"action": "enter", "code": code}, **headers), 403)
    assert shop.dump() == before


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '"x"',
        '{"action":"drop"}',
        '{"action":"enter"}',
        '{"action":"leave","x":1}',
        "\ud800",
    ],
    ids=ascii,
)
def test_a_body_that_says_nothing_is_refused(shop: Shop, body: str) -> None:
    before = shop.dump()
    event = {"httpMethod": "POST", "headers": OWN, "body": body}

    refused(shop.call("dashboard", event), 400)
    assert shop.dump() == before


def test_another_method_is_refused(shop: Shop) -> None:
    refused(shop.call("dashboard", {"httpMethod": "PUT"}), 400)


@pytest.mark.parametrize("lives", [0, 1])
def test_a_database_that_does_not_answer_costs_a_code_at_most(shop: Shop, lives: int) -> None:
    code, other = code_of(shop), code_of(shop)
    sound, shop.adapter.inner = shop.adapter.inner, lost_reply(shop.adapter.inner, lives=lives)

    refused(post(shop, {"action": "enter", "code": code}), 503)

    shop.adapter.inner = sound
    assert enter(shop, code)
    cookie = enter(shop, other)
    shop.adapter.inner = lost_reply(sound, lives=0)
    refused(post(shop, {"action": "leave"}, cookie), 503)
    assert post(shop, {"action": "leave"}, cookie)["statusCode"] == 204


def test_without_a_key_nobody_signs_in(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOARD_KEYS", "")

    refused(post(shop, {"action": "enter", "code": code_of(shop)}), 500)


def test_nobody_else_is_served(shop: Shop) -> None:
    reply = shop.call("dashboard", {"httpMethod": "GET"}, openid=A)

    assert reply["statusCode"] == 403
