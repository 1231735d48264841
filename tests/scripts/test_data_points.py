"""scripts/data.py points: counters are compared with the ledger and set to it, nothing else is changed."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from dataio import points
from dataio.cli import run
from dataio.cloudapi import CloudApi
from functions.builders import lot, user
from gardenshop.cloud.database import find, insert, update
from gardenshop.rules import laws
from harness import A, B, user_id

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")

Command = Callable[..., tuple[int, Any]]
COLLECTIONS = ("users", "points_ledger")
BOOKS = {"garden": {"available": 70, "debt": 4}, "shop": {"available": 8, "pending": 6, "reserved": 5}}


@pytest.fixture(autouse=True)
def _books(api: CloudApi) -> None:
    """Member A with a row of every kind of effect, and member B with nothing; all is right."""
    api.run([{"delete": name, "deletes": [{"q": {}, "limit": 0}]} for name in ("users", "points_ledger")])
    rows = [
        lot("award:1", 100, lot={"left": 70, "expiresAt": 1}),
        lot("plant:1", -30, kind="plant", lot=None, lotsUsed=[{"lotId": "award:1", "points": 30}]),
        lot("claw:1", 0, kind="claw_back", lot=None, debtDelta=4),
        lot("plant:2", -30, kind="plant", lot=None, state="refused"),
        lot("award:2", 13, book="shop", lot={"left": 8, "expiresAt": 1}),
        lot("hold:1", -5, book="shop", kind="hold", lot=None, reservedDelta=5),
        lot("earn:1", 6, book="shop", kind="order", lot=None, final=False),
    ]
    people = [user(points=BOOKS), user(B)]
    api.run([insert("users", each) for each in people] + [insert("points_ledger", each) for each in rows])


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command with --json and return its exit code and what it printed."""

    def call(*arguments: str) -> tuple[int, Any]:
        code = run(["points", *arguments, "--json"], description="")
        return code, json.loads(capsys.readouterr().out)

    return call


def change(api: CloudApi, collection: str, key: str, **fields: Any) -> None:
    api.run([update(collection, {"_id": key}, {"$set": fields})])


def stored(api: CloudApi, name: str) -> list[dict[str, Any]]:
    (found,) = api.run([find(name, {}, sort={"_id": 1})])
    return found


def wrong(book: str, counter: str, found: int, due: int, openid: str = A) -> dict[str, Any]:
    return {"userId": user_id(openid), "book": book, "counter": counter, "found": found, "due": due}


def test_where_all_is_right_nothing_is_said_and_nothing_done(command: Command, api: CloudApi) -> None:
    before = stored(api, "users")

    assert command("--apply") == (0, {"members": 2, "wrong": [], "set": []})
    assert stored(api, "users") == before


def test_wrong_counters_are_named_and_nothing_is_changed(command: Command, api: CloudApi) -> None:
    change(api, "users", user_id(A), **{"points.garden.available": 71, "points.shop.reserved": 0})
    before = stored(api, "users")

    code, told = command()

    assert (code, told["set"]) == (1, [])
    assert told["wrong"] == [wrong("garden", "available", 71, 70), wrong("shop", "reserved", 0, 5)]
    assert stored(api, "users") == before


def test_applied_every_counter_says_what_the_ledger_says(command: Command, api: CloudApi) -> None:
    ledger = stored(api, "points_ledger")
    zero = {f"points.{book}.{name}": 0 for book, names in laws.BOOKS.items() for name in names}
    change(api, "users", user_id(A), **zero)

    code, told = command("--apply")

    assert (code, told["wrong"], len(told["set"])) == (0, [], 5)
    (member,) = points.members(api, user_id(A))
    assert +member.stored == Counter(
        {(book, name): value for book, counters in BOOKS.items() for name, value in counters.items()}
    )
    assert stored(api, "points_ledger") == ledger
    assert command() == (0, {"members": 2, "wrong": [], "set": []})


def test_lots_that_hold_something_else_are_named_and_left_to_a_person(
    command: Command, api: CloudApi
) -> None:
    change(api, "points_ledger", "award:1", **{"lot.left": 69})
    before = stored(api, "points_ledger")

    assert command("--apply") == (1, {"members": 2, "wrong": [wrong("garden", "lots", 69, 70)], "set": []})
    assert stored(api, "points_ledger") == before


def test_a_counter_that_moves_meanwhile_is_not_set(api: CloudApi) -> None:
    change(api, "users", user_id(A), **{"points.garden.available": 71})
    (member,) = [each for each in points.members(api) if each.differences]
    change(api, "users", user_id(A), **{"points.shop.pending": 7})

    assert points.repair(api, member) is False
    assert next(points.members(api, user_id(A))).stored["garden", "available"] == 71


def test_a_book_in_which_something_is_under_way_is_not_set(command: Command, api: CloudApi) -> None:
    change(api, "users", user_id(A), **{"points.garden.available": 71})
    change(api, "points_ledger", "plant:2", state="pending")

    assert command("--apply") == (
        1,
        {"members": 2, "wrong": [wrong("garden", "available", 71, 70)], "set": []},
    )


def test_one_member_alone_is_compared(command: Command, api: CloudApi) -> None:
    change(api, "users", user_id(A), **{"points.garden.available": 71})

    assert command("--user", user_id(B)) == (0, {"members": 1, "wrong": [], "set": []})
    assert command("--user", user_id(A))[0] == 1


def test_rows_of_nobody_are_named(command: Command, api: CloudApi) -> None:
    change(api, "points_ledger", "award:1", userId="u0")

    _, told = command()

    assert told["members"] == 3
    assert {each["userId"] for each in told["wrong"]} == {user_id(A), "u0"}


def test_any_number_is_read_page_by_page(
    command: Command, api: CloudApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(points, "PAGE", 2)
    for number in range(5):
        api.run([insert("users", user(f"openid-{number}"))])

    assert command() == (0, {"members": 7, "wrong": [], "set": []})


def test_people_read_it_in_words(api: CloudApi, capsys: pytest.CaptureFixture[str]) -> None:
    change(api, "users", user_id(A), **{"points.garden.available": 71})

    assert run(["points"], description="") == 1
    assert capsys.readouterr().out.splitlines() == [
        f"differs: {user_id(A)} garden.available is 71, the ledger says 70",
        "2 members, 1 differences, 0 counters set.",
    ]
