"""The laws of commission: counters and their ledger, what lines earned and gave back, batches, payouts."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

Document = dict[str, Any]
Read = Callable[[str], list[Document]]

COUNTERS = ("pendingFen", "confirmedFen", "settledFen", "paidFen", "debtFen")
NEVER_PAID = frozenset({"creating", "pending_payment", "create_failed", "cancelled"})
BEGUN = frozenset({"refunding", "abnormal", "refunded"})
FULL_BP = 10_000
LEGACY = "legacy"


def commission_is_its_ledger(read: Read) -> Iterator[str]:
    """Every counter of a practitioner is the sum of her final entries, and never below 0."""
    sums: Counter[tuple[str, str]] = Counter()
    for row in _final(read):
        for name in COUNTERS:
            sums[row["practitionerId"], name] += row["deltas"].get(name, 0)
    for practitioner in read("practitioners"):
        counters = practitioner.get("commission") or {}
        for name in COUNTERS:
            has, must = counters.get(name, 0), sums.pop((practitioner["_id"], name), 0)
            if not has == must >= 0:
                yield f"commission of {practitioner['_id']}: {name} is {has}, its ledger says {must}"
    yield from (f"commission of nobody: {place}" for place, fen in sums.items() if fen)


def lines_earn_once(read: Read) -> Iterator[str]:
    """A credited line that was paid accrues once, at its rate; gives back by its units; confirms the rest."""
    entries = _by_line(read)
    for order in read("orders"):
        if order["rulesVersion"] == LEGACY:
            continue
        for line in order["lines"]:
            found = entries.pop((order["_id"], line["lineId"]), {})
            due = _due(order, line)
            if due is not None and found != due:
                yield f"order {order['_id']} line {line['lineId']} is {order['status']}: {found}, not {due}"
    yield from (f"commission of no order line: {place}" for place in entries)


def _by_line(read: Read) -> dict[tuple[str, str], dict[str, int]]:
    """Return what each line's entries say of it, by kind, with their practitioner."""
    entries: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for row in _final(read):
        if row["kind"] in {"accrue", "reverse", "confirm"}:
            found = entries[row["orderNo"], row["lineId"]]
            name = f"{row['kind']} {row['practitionerId']}"
            fen = row["deltas"]["confirmedFen" if row["kind"] == "confirm" else "pendingFen"]
            twice = row["kind"] != "reverse" and name in found
            found[f"{name} again" if twice else name] = found.get(name, 0) + fen
    return entries


def _due(order: Document, line: Document) -> dict[str, int] | None:
    """Return what the entries of *line* must say; None while a refund of its order is under way."""
    sales = [each for each in order.get("afterSales") or () if each["state"] in BEGUN]
    if any(sale["state"] != "refunded" for sale in sales):
        return None
    if order["status"] in NEVER_PAID or "practitionerId" not in line:
        return {}
    earned = line["paidFen"] * line["commissionBp"] // FULL_BP
    units = sum(
        part["quantity"] for sale in sales for part in sale["lines"] if part["lineId"] == line["lineId"]
    )
    gone = earned * units // line["quantity"]
    kept = earned - gone if order["status"] == "completed" else 0
    due = {"accrue": earned, "reverse": -gone, "confirm": kept}
    return {f"{kind} {line['practitionerId']}": fen for kind, fen in due.items() if fen}


def nobody_earns_from_herself(read: Read) -> Iterator[str]:
    """No line is credited to a practitioner who is its buyer, nor at a rate without a practitioner."""
    owners = {each["_id"]: each.get("userId") for each in read("practitioners")}
    for order in read("orders"):
        for line in order["lines"]:
            earner = line.get("practitionerId")
            if earner is None and line.get("commissionBp"):
                yield f"order {order['_id']} line {line['lineId']} has a rate for nobody"
            if earner is not None and owners.get(earner) in {None, order["userId"]}:
                yield f"order {order['_id']} line {line['lineId']} earns {earner}, its buyer or nobody"


def taken_back_is_what_was_confirmed(read: Read) -> Iterator[str]:
    """What is taken back of a line after its confirmation is no more than was confirmed."""
    confirmed: Counter[tuple[str, str]] = Counter()
    carried: Counter[tuple[str, str]] = Counter()
    for row in _final(read):
        if row["kind"] == "confirm":
            confirmed[row["orderNo"], row["lineId"]] += row["deltas"]["confirmedFen"]
        if row["kind"] == "carry":
            carried[row["orderNo"], row["lineId"]] += row["deltas"]["debtFen"]
    for place, fen in carried.items():
        if not 0 < fen <= confirmed[place]:
            yield f"line {place}: {fen} taken back of {confirmed[place]} confirmed"


def months_are_settled_once(read: Read) -> Iterator[str]:
    """A practitioner has one batch a month at most, of a month that was over, and its parts add up."""
    batches: Counter[tuple[str, str]] = Counter()
    for row in _final(read):
        if row["kind"] != "settle":
            continue
        batches[row["practitionerId"], row["ref"]] += 1
        deltas = row["deltas"]
        parts = deltas.get("settledFen", 0) - deltas.get("debtFen", 0)
        if (
            parts != -deltas["confirmedFen"]
            or min(deltas.get("settledFen", 0), -deltas.get("debtFen", 0)) < 0
        ):
            yield f"batch {row['_id']} does not add up: {deltas}"
        if not row["ref"] < row["day"][:7]:
            yield f"batch {row['_id']} was made on {row['day']}, before the month was over"
    yield from (f"{count} batches of {place}" for place, count in batches.items() if count > 1)


def payouts_were_asked_for(read: Read) -> Iterator[str]:
    """A withdrawal ends once, as it was asked for; the open one is covered; paid is never above settled."""
    asked = {row["ref"]: row for row in _final(read) if row["kind"] == "withdraw"}
    ends: Counter[str] = Counter()
    for row in _final(read):
        if row["kind"] in {"cancel", "refuse", "pay"}:
            ends[row["ref"]] += 1
            if row["ref"] not in asked:
                yield f"{row['_id']}: nobody asked for it"
            elif row["kind"] == "pay" and row["deltas"].get("paidFen") != asked[row["ref"]]["amountFen"]:
                yield f"{row['_id']}: {row['deltas']} for {asked[row['ref']]['amountFen']}"
    yield from (f"withdrawal {key} has {count} ends" for key, count in ends.items() if count > 1)
    for practitioner in read("practitioners"):
        waiting = sorted(
            key
            for key, row in asked.items()
            if row["practitionerId"] == practitioner["_id"] and not ends[key]
        )
        withdrawal = practitioner.get("withdrawal")
        if waiting != ([withdrawal["withdrawalId"]] if withdrawal else []):
            yield f"practitioner {practitioner['_id']} waits for {waiting}, her document says {withdrawal}"
        elif withdrawal and withdrawal["amountFen"] > practitioner["commission"]["settledFen"]:
            yield f"withdrawal {withdrawal['withdrawalId']} is of more than is settled"


COMMISSION_LAWS = (
    commission_is_its_ledger,
    lines_earn_once,
    nobody_earns_from_herself,
    taken_back_is_what_was_confirmed,
    months_are_settled_once,
    payouts_were_asked_for,
)


def _final(read: Read) -> Iterator[Document]:
    return (row for row in read("commission_ledger") if row["state"] == "final")
