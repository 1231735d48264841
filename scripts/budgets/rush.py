"""A rush: 300 members want a SKU of which 100 units are left, through ten instances of checkout at once.

It is played by turns in two clouds that differ in how many orders were placed before, and the laws of the
shop are checked afterwards. A member who is told that the shop is busy asks again with the same token.
"""

import itertools
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from statistics import median, quantiles
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import track

from budgets.rows import Row
from budgets.stage import ADDRESS, Stage, Surprise, metered, open_stage
from demo.laws import check
from gardenshop.cloud.clock import MINUTE, now_ms, rfc3339
from gardenshop.cloud.identity import user_id
from localcloud.engine import Engine
from localcloud.functions import TIMER, member

MEMBERS, UNITS, AT_ONCE, ROUNDS = 300, 100, 10, 3
FEW, MANY = 10, 100_000
RATIO_BUDGET = 1.3

_BATCH = 1_000
_TRIES = 40
_PAUSE_SECONDS = 0.1
_PRICE_FEN = 990
_BUSY = 50_300
_FAULT = 50_000
_PRODUCT = "rush"

Document = dict[str, Any]


class Bought(NamedTuple):
    """What one member met: *codes* are the replies she got, the last one told her how it ended."""

    milliseconds: float
    codes: list[int]


class Rush(NamedTuple):
    """One round: what each member met, how long it took in all, and the calls to the database."""

    members: list[Bought]
    seconds: float
    calls: int

    @property
    def median_ms(self) -> float:
        """Return how long the member in the middle waited."""
        return median(each.milliseconds for each in self.members)


def rows(*, many: int = MANY, rounds: int = ROUNDS, members: int = MEMBERS) -> list[Row]:
    """Return what the rush came to among few former orders, and what many of them change."""
    with metered() as meter, open_stage(meter) as quiet, open_stage(meter) as busy:
        for stage, orders in ((quiet, FEW), (busy, many)):
            _furnish(stage, members, rounds)
            _add_orders(stage, orders, members)
            _warm_up(stage)
        pairs = [(_rush(quiet, number, members), _rush(busy, number, members)) for number in range(rounds)]
        breaches = [breach for stage in (quiet, busy) for breach in _breaches(stage)]
        sold = [_sold(stage, number) for stage in (quiet, busy) for number in range(rounds)]
        instances = quiet.host.instances("checkout")
    rushes = [rush for pair in pairs for rush in pair]
    ratio = median(later.median_ms / sooner.median_ms for sooner, later in pairs)
    return [
        *_told([sooner for sooner, _ in pairs], instances),
        exactly("rush: units sold of 100, in the worst round", min(sold), max(sold), min(UNITS, members)),
        Row("rush: replies that were a fault of ours", _faults(rushes), 0, "replies"),
        Row("rush: laws broken", len(breaches), 0, "breaches"),
        Row(f"rush: {many:,} former orders, over {FEW}", ratio, RATIO_BUDGET, "×"),
    ]


def _told(rushes: Sequence[Rush], instances: int) -> list[Row]:
    waits = [each.milliseconds for rush in rushes for each in rush.members]
    hundredths = quantiles(waits, n=100)
    asked = [rush.calls / sum(len(each.codes) for each in rush.members) for rush in rushes]
    return [
        Row("rush: instances of checkout", instances, 8, "instances", at_least=True),
        Row("rush: checkouts", median(len(r.members) / r.seconds for r in rushes), None, "a second"),
        Row("rush: a member waits, p50", hundredths[49], None, "ms"),
        Row("rush: a member waits, p95", hundredths[94], None, "ms"),
        Row("rush: round trips a checkout", median(asked), None, "calls"),
    ]


def exactly(what: str, least: int, most: int, wanted: int) -> Row:
    """Return a row that holds only when *least* and *most* are what is *wanted*."""
    worst = least if least != wanted else most
    return Row(what, worst, wanted, "units", at_least=worst <= wanted)


def _faults(rushes: Sequence[Rush]) -> int:
    codes = itertools.chain.from_iterable(each.codes for rush in rushes for each in rush.members)
    return sum(_FAULT <= code < _BUSY for code in codes)


def _rush(stage: Stage, number: int, members: int) -> Rush:
    """Let everybody want a unit of the SKU of round *number* at once."""
    sku_id = _sku(number)
    wanted = {"lines": [{"skuId": sku_id, "quantity": 1}]}
    first = stage.host.invoke("checkout_preview", wanted, member(_openid(0))).reply
    event = {**wanted, "expectedTotalFen": first["data"]["payableFen"], "clientToken": f"token-{sku_id}"}
    before, started = stage.meter.calls, time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        met = list(pool.map(lambda place: _buy(stage, _openid(place), event), range(members)))
    return Rush(met, time.perf_counter() - started, stage.meter.calls - before)


def _buy(stage: Stage, openid: str, event: Document) -> Bought:
    """Ask until the answer is not that the shop is busy."""
    started, codes = time.perf_counter(), list[int]()
    for _ in range(_TRIES):
        invocation = stage.host.invoke("checkout", event, member(openid))
        codes.append(_FAULT if invocation.failure else int(invocation.reply["code"]))
        if codes[-1] < _BUSY:
            break
        time.sleep(_PAUSE_SECONDS)
    return Bought((time.perf_counter() - started) * 1000, codes)


def _warm_up(stage: Stage) -> None:
    """Start the instances, so that none is started in the rush."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda _: stage.host.invoke("checkout", {}, member(_openid(0))), range(2 * AT_ONCE)))


def _breaches(stage: Stage) -> list[str]:
    """Let the outbox do its work, then check the laws on everything that is stored."""
    for minutes in (10, 20, 30):
        later = {"Type": "Timer", "TriggerName": "bench", "Time": rfc3339(now_ms() + minutes * MINUTE)}
        reply = stage.host.invoke("outbox_pump", later, TIMER).reply
        if reply["code"]:
            raise Surprise(f"outbox_pump: {reply}")
    with closing(Engine(stage.file)) as engine:
        return check(lambda name: engine.run(stage.cloud.env, {"find": name, "filter": {}}))


def _sold(stage: Stage, number: int) -> int:
    """Return how many units live orders hold of the SKU of round *number*."""
    with closing(Engine(stage.file)) as engine:
        (stock,) = engine.run(stage.cloud.env, {"find": "inventory", "filter": {"_id": _sku(number)}})
    return int(stock["reserved"])


def _furnish(stage: Stage, members: int, rounds: int) -> None:
    """Store the members, and a SKU for each round."""
    with closing(Engine(stage.file)) as engine:
        _store(stage, engine, "users", map(_user, range(members)))
        _store(stage, engine, "products", [_product(rounds)])
        for collection, documents in (("inventory", _stock), ("stock_ledger", _opening)):
            _store(stage, engine, collection, map(documents, range(rounds)))


def _add_orders(stage: Stage, orders: int, members: int) -> None:
    """Store *orders* of the past, the tenth part of them of the members who will buy."""
    batches = range(0, orders, _BATCH)
    shown = track(batches, "Former orders", console=Console(stderr=True)) if len(batches) > 1 else batches
    with closing(Engine(stage.file)) as engine:
        for start in shown:
            places = range(start, min(start + _BATCH, orders))
            _store(stage, engine, "orders", (_order(place, members) for place in places))


def _store(
    stage: Stage, engine: Engine, collection: str, documents: Iterator[Document] | list[Document]
) -> None:
    now = now_ms()
    stamps = {"schemaVersion": 1, "createdAt": now, "updatedAt": now}
    stored = [{**document, **stamps} for document in documents]
    (reply,) = engine.run(stage.cloud.env, {"insert": collection, "documents": stored})
    if reply["n"] != len(stored):
        raise Surprise(f"{collection}: {reply}")


def _openid(place: int) -> str:
    return f"o-rush-{place:03}"


def _sku(number: int) -> str:
    return f"{_PRODUCT}-{number}"


def _user(place: int) -> Document:
    openid = _openid(place)
    books = {"garden": {"available": 0, "pending": 0, "debt": 0}}
    books["shop"] = {**books["garden"], "reserved": 0}
    return {
        "_id": user_id(openid),
        "openid": openid,
        "addresses": [ADDRESS],
        "points": {**books, "recentOps": []},
    }


def _product(rounds: int) -> Document:
    skus = [
        {"skuId": _sku(number), "spec": "一份", "priceFen": _PRICE_FEN, "weightG": 500}
        for number in range(rounds)
    ]
    return {
        "_id": _PRODUCT,
        "title": "限量豆腐",
        "categoryPath": ["豆制品"],
        "status": "on_sale",
        "skus": skus,
        "minPriceFen": _PRICE_FEN,
        "carbonGPerUnit": 500,
    }


def _stock(number: int) -> Document:
    counters = {"onHand": UNITS, "available": UNITS, "reserved": 0, "damaged": 0}
    return {"_id": _sku(number), "productId": _PRODUCT, **counters, "recentOps": []}


def _opening(number: int) -> Document:
    deltas = {"onHand": UNITS, "available": UNITS}
    row = {"skuId": _sku(number), "reason": "opening", "ref": "opening", "actor": "bench", "state": "final"}
    return {"_id": f"{_sku(number)}:opening:opening", "deltas": deltas, "day": "2026-01-01", **row}


def _order(place: int, members: int) -> Document:
    """Return an order that the former shop has settled."""
    owner = user_id(_openid(place // 10 % members)) if place % 10 == 0 else f"u{place % 9973:024}"
    line = {
        "lineId": "L1",
        "skuId": "former-500g",
        "productId": "former",
        "quantity": 1,
        "listFen": _PRICE_FEN,
        "paidFen": _PRICE_FEN,
        "snapshot": {"title": "北豆腐", "spec": "500g", "priceFen": _PRICE_FEN, "weightG": 500},
    }
    return {
        "_id": f"FORMER{place:08}",
        "userId": owner,
        "clientToken": f"former-{place:08}",
        "status": "completed",
        "version": 0,
        "lines": [line],
        "totals": {"goodsFen": _PRICE_FEN, "payableFen": _PRICE_FEN, "paidFen": _PRICE_FEN},
        "payLog": [{"key": f"{place}:paid", "amountFen": _PRICE_FEN}],
        "rulesVersion": "legacy",
        "garden": {"state": "none"},
        "history": [],
    }
