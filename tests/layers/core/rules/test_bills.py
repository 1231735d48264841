"""A bill of WeChat Pay is read as it is written, and compared with what orders say, number by number."""

from typing import Any

import pytest

from gardenshop.rules.bills import Entry, entries, expected, unlike
from gardenshop.rules.laws import Breach
from localcloud.wechat.bills import SUMS, TITLES

APPID = "wx2421b1c4370ec43b"
NUMBER = "20261123123456789012A1"
PAID = (
    "`2026-11-23 04:21:23,`wx2421b1c4370ec43b,`10000100,`0,`,`4200001,`20261123123456789012A1,`o1,"
    "`JSAPI,`SUCCESS,`CMC,`CNY,`19.90,`0.00,`0,`0,`0.00,`0.00,"
    "`,`,`豆腐, 一盒,`,`0.11940,`0.60%,`19.90,`0.00,`"
)
BACK = (
    "`2026-11-23 09:00:00,`wx2421b1c4370ec43b,`10000100,`0,`,`4200001,`20261123123456789012A1,`o1,"
    "`JSAPI,`REFUND,`CMC,`CNY,`0.00,`0.00,`5030001,`R1,`0.10,`0.00,`ORIGINAL,`PROCESSING,"
    "`豆腐, 一盒,`,`-0.00060,`0.60%,`0.00,`0.10,`"
)
END = (SUMS, "`2,`19.90,`0.10,`0.00,`0.11880,`19.90,`0.10")


def order(**changes: Any) -> dict[str, Any]:
    """An order that was paid at 100 and 10 fen of which went back at 200."""
    return {
        "attempts": [{"attemptNo": "A1", "createdAt": 90}],
        "payLog": [{"attemptNo": "A1", "amountFen": 1990, "at": 100}],
        "refunds": [
            {
                "refundNo": "R1",
                "attemptNo": "A1",
                "amountFen": 10,
                "state": "success",
                "createdAt": 150,
                "doneAt": 200,
            }
        ],
        **changes,
    }


def test_payments_and_refunds_are_read_and_nothing_of_the_sums() -> None:
    found = list(entries([TITLES, PAID, BACK, *END], APPID))

    assert found == [Entry(NUMBER, 1990), Entry(NUMBER, 10, "R1")]


def test_what_another_shop_sold_and_what_brought_nobody_money_is_passed_over() -> None:
    failed, revoked = BACK.replace("`PROCESSING", "`FAIL"), PAID.replace("`SUCCESS", "`REVOKED")

    assert list(entries([TITLES, failed, revoked, *END], APPID)) == []
    assert list(entries([TITLES, PAID, *END], "wx-another")) == []
    assert list(entries([TITLES, PAID.replace(NUMBER, "JY20261123001"), *END], APPID)) == []


def test_a_bill_without_trades_is_empty() -> None:
    assert list(entries([TITLES, *END], APPID)) == list(entries([], APPID)) == []


@pytest.mark.parametrize(
    "line", [PAID.rpartition(",")[0], PAID.replace("19.90", "many")], ids=["too short", "no amount"]
)
def test_another_form_is_refused(line: str) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        list(entries([TITLES, line], APPID))


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (Entry("A1", 1990), None),
        (Entry("A1", 10, "R1"), None),
        (Entry("A1", 1991), "1991 fen in the bill, 1990 booked"),
        (Entry("A1", 11, "R1"), "11 fen in the bill, 10 booked"),
        (Entry("A2", 5), "5 fen in the bill, not booked"),
        (Entry("A1", 5, "R2"), "5 fen in the bill, not booked"),
    ],
    ids=str,
)
def test_what_the_bill_has_is_booked_with_the_same_amount(entry: Entry, text: str | None) -> None:
    assert list(unlike([entry], [order()])) == ([Breach(entry.number, text)] if text else [])


def test_a_refund_that_was_closed_is_not_booked() -> None:
    closed = [{**order()["refunds"][0], "state": "closed"}]

    assert list(unlike([Entry("A1", 10, "R1")], [order(refunds=closed)])) == [
        Breach("R1", "10 fen in the bill, not booked")
    ]


@pytest.mark.parametrize(
    ("since", "until", "numbers"),
    [
        (90, 201, ["A1", "R1"]),
        (91, 201, ["R1"]),
        (90, 200, ["A1"]),
        (151, 201, []),
        (90, 100, []),
    ],
)
def test_what_began_and_ended_on_a_day_must_be_in_its_bill(
    since: int, until: int, numbers: list[str]
) -> None:
    assert [each.number for each in expected([order()], since=since, until=until)] == numbers


def test_what_cost_nothing_is_in_no_bill() -> None:
    free = order(payLog=[{"attemptNo": "A1", "amountFen": 0, "at": 100}])
    free["refunds"] = [
        {"refundNo": "R1", "amountFen": 0, "state": "success", "createdAt": 150, "doneAt": 200}
    ]

    assert list(expected([free], since=0, until=300)) == []
