"""WeChat Pay's bill of a day beside what orders say of the same payments and refunds, number by number."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from gardenshop.rules.laws import Breach

Document = Mapping[str, Any]

_MARK = "`"
_STATES = {"SUCCESS": "payment", "REFUND": "refund"}
_OURS = re.compile(r"\d{20}A\d+")
"""How `order_pay` numbers an attempt. The former shop may sell under the same app; its numbers are others."""

_FAILED = ("FAIL", "CHANGE")
"""Refunds that brought nobody money."""


class Entry(NamedTuple):
    """A payment, or with a *refund_no* a refund of it, of so many fen."""

    attempt_no: str
    fen: int
    refund_no: str = ""

    @property
    def number(self) -> str:
        """What names it at WeChat Pay and here."""
        return self.refund_no or self.attempt_no


def entries(lines: Iterable[str], appid: str) -> Iterator[Entry]:
    """Yield this shop's payments and refunds by *appid* in a bill: titles, lines, titles of sums, and sums.

    Each value begins with a backtick and may hold commas. Raises ValueError, LookupError or ArithmeticError
    where a line is not of that form.
    """
    titles: list[str] = []
    for line in lines:
        if not line.startswith(_MARK):
            if titles:
                return
            titles = line.split(",")
            continue
        values = dict(zip(titles, line[1:].split(f",{_MARK}"), strict=True))
        ours = values["公众账号ID"] == appid and _OURS.fullmatch(values["商户订单号"])
        kind = _STATES.get(values["交易状态"]) if ours else None
        if kind == "payment":
            yield Entry(values["商户订单号"], _fen(values["订单金额"]))
        elif kind == "refund" and values["退款状态"] not in _FAILED:
            yield Entry(values["商户订单号"], _fen(values["申请退款金额"]), values["商户退款单号"])


def _fen(yuan: str) -> int:
    return int(Decimal(yuan) * 100)


def unlike(billed: Iterable[Entry], orders: Iterable[Document]) -> Iterator[Breach]:
    """Yield what the bill has and *orders*, those with its payments, have not, or with another amount."""
    booked: dict[str, int] = {}
    for order in orders:
        paid = order.get("payLog") or ()
        booked |= {each["attemptNo"]: each["amountFen"] for each in paid if "attemptNo" in each}
        back = order.get("refunds") or ()
        booked |= {each["refundNo"]: each["amountFen"] for each in back if each["state"] != "closed"}
    for entry in billed:
        fen = booked.get(entry.number)
        if fen is None:
            yield Breach(entry.number, f"{entry.fen} fen in the bill, not booked")
        elif fen != entry.fen:
            yield Breach(entry.number, f"{entry.fen} fen in the bill, {fen} booked")


def expected(orders: Sequence[Document], *, since: int, until: int) -> Iterator[Entry]:
    """Yield the payments and refunds of *orders* that must be in the bill of the day from *since* to *until*.

    One that began before its day may be in the bill of either day, and is not asked for: whatever bill it is
    in asks for it.
    """
    for order in orders:
        opened = {each["attemptNo"]: each["createdAt"] for each in order.get("attempts") or ()}
        for each in order.get("payLog") or ():
            attempt_no = each.get("attemptNo", "")
            if each["amountFen"] and since <= opened.get(attempt_no, 0) <= each["at"] < until:
                yield Entry(attempt_no, each["amountFen"])
        for each in order.get("refunds") or ():
            done = each["doneAt"] if each["state"] == "success" and "attemptNo" in each else 0
            if each["amountFen"] and since <= each["createdAt"] <= done < until:
                yield Entry(each["attemptNo"], each["amountFen"], each["refundNo"])
