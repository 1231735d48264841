"""The developers' page: what it asks for, that it works in a browser, and that no other page gets in."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from browser import Browser
from dataio.cloudapi import Access, CloudApi
from dataio.definitions import load
from gardenshop.cloud.database import find, insert, put, update
from harness import ROOT
from localcloud.server import LocalCloud

MINT = {"X-Local-Openid": "o-mint"}
ELSEWHERE = "http://evil.example"


@pytest.fixture(scope="module", name="cloud")
def _cloud() -> Iterator[LocalCloud]:
    """The project itself, its collections, and nothing in them."""
    with LocalCloud(ROOT, data=None) as cloud:
        api = api_of(cloud)
        for each in load():
            api.create_collection(each.name, each.permission)
            for index in each.indexes:
                api.create_index(each.name, index)
        yield cloud


def api_of(cloud: LocalCloud) -> CloudApi:
    keys = cloud.credentials
    return CloudApi(Access(cloud.url, cloud.env, keys.secret_id, keys.secret_key))


@pytest.fixture(name="http")
def _http(cloud: LocalCloud) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=cloud.url, trust_env=False, timeout=60) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/_dev"])
def test_the_page_is_one_file_and_runs_nothing_but_itself(http: httpx.Client, path: str) -> None:
    first, second = http.get(path), http.get(path)

    policy = first.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert policy != second.headers["Content-Security-Policy"]
    assert "http://" not in first.text.replace("http://www.w3.org", "")
    assert "https://" not in first.text
    assert "{nonce}" not in first.text


def test_every_function_is_told_and_those_for_people_with_their_schema(http: httpx.Client) -> None:
    told = http.get("/_dev/functions").json()

    config = json.loads((ROOT / "cloudbaserc.json").read_text("utf-8"))
    found = {each["name"]: each for each in told["functions"]}
    assert (told["problem"], set(found)) == ("", {each["name"] for each in config["functions"]})
    assert found["cart_add"]["caller"] == "member"
    assert "skuId" in found["cart_add"]["schema"]["properties"]
    assert found["cart_add"]["about"]
    assert found["outbox_pump"]["timers"]


def test_a_project_whose_schemas_cannot_be_made_is_told_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "functions" / "look").mkdir(parents=True)
    (tmp_path / "functions" / "look" / "index.py").write_text("def main(event, context): return {}\n")
    (tmp_path / "cloudbaserc.json").write_text(json.dumps({"functions": [{"name": "look"}]}))
    with LocalCloud(tmp_path, data=None) as cloud:
        told = httpx.get(f"{cloud.url}/_dev/functions", trust_env=False, timeout=60).json()

    assert told["functions"] == [{"name": "look", "timers": [], "path": None}]
    assert "README.md" in told["problem"]


def test_documents_are_found_by_filter_sort_and_limit(cloud: LocalCloud, http: httpx.Client) -> None:
    api_of(cloud).run([put("meat_products", {"_id": f"m{n}", "n": n}) for n in range(5)])
    wish = {"collection": "meat_products", "where": '{"n": {"$gte": 1}}', "sort": '{"n": -1}', "limit": 2}

    found = http.post("/_dev/find", json=wish).json()

    assert found == {"total": 4, "documents": [{"_id": "m4", "n": 4}, {"_id": "m3", "n": 3}]}
    counts = {each["name"]: each["count"] for each in http.get("/_dev/collections").json()}
    assert counts["meat_products"] == 5


def test_numbers_that_a_browser_cannot_tell_exactly_are_told_in_full(
    cloud: LocalCloud, http: httpx.Client
) -> None:
    beyond = {"large": {"$numberLong": str(2**60)}, "infinite": {"$numberDouble": "Infinity"}}
    numbers = {"_id": "numbers", "half": 0.5, "none": {"$numberDouble": "NaN"}, **beyond}
    api_of(cloud).run([put("plant_templates", numbers)])

    reply = http.post("/_dev/find", json={"collection": "plant_templates"})

    assert reply.json()["documents"] == [numbers]


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"collection": "users", "where": "{"},
        {"collection": "users", "where": '{"$where": "1"}'},
        {"collection": "users", "limit": 0},
        {"collection": "users", "limit": 10_000},
        {"collection": "users", "sort": '{"a": 7}'},
        {"collection": "users", "where": "[]"},
        {"collection": "users", "more": 1},
    ],
    ids=["no name", "no JSON", "no operator", "none", "too many", "no order", "no filter", "unknown"],
)
def test_a_query_that_is_none_is_refused_with_the_reason(http: httpx.Client, wish: dict[str, Any]) -> None:
    reply = http.post("/_dev/find", json=wish)

    assert (reply.status_code, bool(reply.json()["error"])) == (400, True)


def test_a_call_is_told_with_the_trips_it_made_and_no_others(http: httpx.Client) -> None:
    first = http.post("/functions/login", json={}, headers=MINT)
    second = http.post("/functions/cart_view", json={}, headers=MINT)

    trips = [
        http.get("/_dev/traces", params={"request_id": each.headers["X-Local-Request-Id"]}).json()
        for each in (first, second)
    ]

    assert [first.json()["code"], second.json()["code"]] == [0, 0]
    login = [json.loads(command) for trip in trips[0] for command in trip["commands"]]
    assert {"users", "sync_tasks"} <= {next(iter(command.values())) for command in login}
    assert all(trip["ms"] >= 0 and trip["error"] == "" for trip in trips[0] + trips[1])
    assert len(trips[1]) >= 1
    ids = {each.headers["X-Local-Request-Id"] for each in (first, second)}
    assert {trip["requestId"] for trip in trips[0] + trips[1]} == ids


def test_a_trip_from_outside_belongs_to_no_call_and_one_that_fails_says_why(
    cloud: LocalCloud, http: httpx.Client
) -> None:
    api_of(cloud).run([find("users", {})])
    with pytest.raises(Exception, match="nowhere"):
        api_of(cloud).run([update("nowhere", {"$bad": 1}, {"$set": {"a": 1}}), insert("nowhere", {})])

    trips = http.get("/_dev/traces").json()

    assert [(trip["requestId"], bool(trip["error"])) for trip in trips[-2:]] == [("", False), ("", True)]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "{url}"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": ELSEWHERE}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "{url}", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Host": "evil.example", "Origin": ELSEWHERE}, 403),
        ({"Host": "evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Host": "[::1", "Origin": "http://[::1"}, 403),
    ],
)
@pytest.mark.parametrize(
    "path", ["/functions/product_search", "/_clock", "/timers/outbox_pump", "/_dev/find"]
)
def test_no_other_page_of_a_browser_is_served(
    http: httpx.Client, path: str, headers: dict[str, str], status: int
) -> None:
    url = str(http.base_url).rstrip("/")
    told = {name: value.replace("{url}", url) for name, value in headers.items()}
    body = {"collection": "users"} if path == "/_dev/find" else {}

    reply = http.post(path, json=body, headers={**MINT, **told})

    assert reply.status_code == status


@pytest.mark.parametrize("path", ["/_dev", "/_dev/traces", "/_dev/functions"])
def test_what_is_for_the_page_is_asked_for_by_a_name_of_this_computer(http: httpx.Client, path: str) -> None:
    assert http.get(path, headers={"Host": "evil.example"}).status_code == 403


def test_a_link_from_anywhere_leads_to_the_page(http: httpx.Client) -> None:
    follow = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}

    assert http.get("/", headers=follow).status_code == 200
    assert http.post("/_clock", headers=follow).status_code == 403


def test_programs_are_served_by_whatever_name_they_use(http: httpx.Client) -> None:
    assert http.get("/healthz", headers={"Host": "localcloud.internal"}).status_code == 200


@pytest.fixture(name="page")
def _page(cloud: LocalCloud, browser: Browser) -> Iterator[Browser]:
    """The page, once it knows the functions; nothing may be complained of until the end."""
    browser.open("about:blank#")
    browser.view(1280, 900)
    browser.events.clear()
    browser.open(f"{cloud.url}/")
    browser.wait("document.querySelectorAll('#names button').length > 10")
    yield browser
    assert browser.complaints() == []


def press(page: Browser, text: str, within: str) -> None:
    buttons = f"[...document.querySelectorAll('{within} button')]"
    page.run(f"{buttons}.find((each) => each.textContent.includes('{text}')).click()")


def test_a_form_is_filled_and_sent_and_its_trips_are_shown(page: Browser) -> None:
    press(page, "product_search", "#names")
    page.run("""
      const keyword = document.querySelector('#fields [data-name=keyword]');
      keyword.value = '豆腐'; keyword.dispatchEvent(new Event('input', {bubbles: true}));
      document.getElementById('ask').requestSubmit()""")
    page.wait("!document.getElementById('trips').hidden")

    assert json.loads(page.run("document.getElementById('event').value")) == {"keyword": "豆腐"}
    assert json.loads(page.run("document.getElementById('reply').textContent"))["code"] == 0
    assert "find" in page.run("document.getElementById('trips').textContent")


def test_documents_timers_and_logs_are_at_hand(page: Browser) -> None:
    press(page, "数据", "[role=tablist]")
    page.wait("document.querySelectorAll('#collections button').length === 28")
    press(page, "meat_products", "#collections")
    page.wait("document.getElementById('found').textContent !== ''")
    press(page, "定时", "[role=tablist]")
    press(page, "outbox_pump", "#timers")
    page.wait("document.getElementById('happening').textContent.includes('ordersFailed')")
    press(page, "日志", "[role=tablist]")

    page.wait("document.getElementById('lines').textContent.includes('outbox_pump')")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_fits_a_phone(page: Browser, dark: bool) -> None:  # noqa: FBT001
    page.view(360, 740, dark=dark, phone=True)

    assert page.run("document.documentElement.scrollWidth") <= 360
