"""Laws of points: what is earned, spent, exchanged and lapses, by the numbers of the stage."""

from collections import Counter
from collections.abc import Iterator

from simulation import stage
from simulation.evidence import NEVER_PAID, Evidence, Law, points_by_cause


def points_are_earned_once(seen: Evidence) -> Iterator[str]:
    """A paid order earns a shop point for ten yuan of goods and ten garden points for a kilogram saved.

    What a refund takes back is never more than that, and all of it when everything was refunded.
    """
    earned, clawed = points_by_cause(seen, "order"), _clawed(seen)
    saved: Counter[str] = Counter()
    for meal in seen.read("meals"):
        if meal["source"] == "shop" and "reverses" not in meal:
            saved[meal["orderNo"]] += meal["savedG"]
    for order in seen.read("orders"):
        order_no, paid = order["_id"], order["status"] not in NEVER_PAID
        goods = sum(line["paidFen"] for line in order["lines"])
        for book, due in (("shop", goods // 1000), ("garden", max(saved[order_no], 0) // 100)):
            points = earned.pop((order_no, book), 0)
            if points != (due if paid else 0):
                yield f"order {order_no} is {order['status']} and earned {points} {book} points, not {due}"
            back = clawed[order_no, book]
            if not 0 <= back <= points or (order["status"] == "refunded" and back != points):
                yield f"order {order_no} is {order['status']}: {back} of {points} {book} points went back"
    yield from (f"{points} {book} points for no order {ref}" for (ref, book), points in earned.items())


def _clawed(seen: Evidence) -> Counter[tuple[str, str]]:
    """Return the points taken back, or owed, by order and book; after-sales are named after their order."""
    sums: Counter[tuple[str, str]] = Counter()
    for row in seen.read("points_ledger"):
        if (row["kind"], row["state"]) == ("claw_back", "final"):
            sums[row["ref"]["id"].rsplit("-", 1)[0], row["book"]] += row.get("debtDelta", 0) - row["delta"]
    return sums


def plants_are_paid_and_harvested_once(seen: Evidence) -> Iterator[str]:
    """A plant was paid for, a payment has its plant or went back, a harvest has its reward: once."""
    paid, back, rewards = (points_by_cause(seen, kind) for kind in ("plant", "release", "harvest"))
    spent = {ref.rsplit(":", 1)[1]: -points - back[ref, book] for (ref, book), points in paid.items()}
    for garden in seen.read("gardens"):
        user, plants = garden["_id"], garden["plants"]
        wanted = {facts["token"] for kind, who, facts in seen.told if (kind, who) == ("plants", user)}
        if len(plants) > len(wanted):
            yield f"{user} wanted {len(wanted)} plants and has {len(plants)}"
        for plant in plants:
            plant_id, harvested = plant["plantId"], "harvestedAt" in plant
            cost, reward = spent.pop(plant_id, 0), rewards.pop((plant_id, "garden"), 0)
            # The reward comes first: until its owner asks again the plant may not show that it was harvested.
            paid_right = 0 < reward <= stage.PLANT_REWARD or (not reward and not harvested)
            if cost != stage.PLANT_COST or not paid_right:
                yield f"plant {plant_id} of {user}, harvested {harvested}, cost {cost} and gave {reward}"
    yield from (f"{points} points for no plant {key}" for key, points in spent.items() if points)
    yield from (f"{points} points for a harvest of nothing: {key}" for key, points in rewards.items())


def exchanges_are_made_once(seen: Evidence) -> Iterator[str]:
    """A token exchanges once, what was asked, at the rate; what a member was told of it is true."""
    moved: Counter[tuple[str, str]] = Counter()
    for kind in ("exchange_out", "exchange_in"):
        for (ref, _), points in points_by_cause(seen, kind).items():
            moved[ref, kind] += points
    asked = {f"{facts['token']}:{facts['points']}" for kind, _, facts in seen.told if kind == "exchanges"}
    for ref in sorted({ref for ref, _ in moved}):
        points = int(ref.rpartition(":")[2])
        found = moved[ref, "exchange_out"], moved[ref, "exchange_in"]
        if ref not in asked or found != (-points, points // stage.GARDEN_FOR_SHOP):
            yield f"exchange {ref} moved {found}"
    for kind, user, facts in seen.told:
        if kind == "exchanged" and -moved[facts["ref"], "exchange_out"] != facts["taken"]:
            yield f"told {user} of the exchange {facts}, {moved[facts['ref'], 'exchange_out']} were taken"


def a_day_has_its_caps(seen: Evidence) -> Iterator[str]:
    """No more is exchanged and harvested by a member on a day than the rules of the stage allow."""
    days: Counter[tuple[str, str, str]] = Counter()
    for row in seen.read("points_ledger"):
        if row["kind"] in stage.DAILY_CAPS and row["state"] == "final":
            days[row["userId"], row["day"], row["kind"]] += abs(row["delta"])
    for (user, day, kind), points in days.items():
        if points > stage.DAILY_CAPS[kind]:
            yield f"{user} on {day}: {points} by {kind}"


def lapsed_points_are_booked(seen: Evidence) -> Iterator[str]:
    """A lot that lapsed during the play, days ago by now, holds nothing any more."""
    for row in seen.read("points_ledger"):
        lot = row.get("lot") or {}
        if row["state"] == "final" and lot.get("left") and lot["expiresAt"] < stage.OPENING + stage.DAY_LONG:
            yield f"lot {row['_id']} of {row['userId']} still holds {lot['left']}"


def orders_pay_with_points_a_fen_each(seen: Evidence) -> Iterator[str]:
    """Points pay goods, a fen each, up to the cap; those of lines are those of the order."""
    for order in seen.read("orders"):
        totals, lines = order["totals"], order["lines"]
        fen, points = totals.get("pointsFen", 0), totals.get("pointsUsed", 0)
        parts = [(line.get("pointsFen", 0), line.get("pointsUsed", 0)) for line in lines]
        if not fen == points == sum(part[0] for part in parts) == sum(part[1] for part in parts):
            yield f"order {order['_id']}: {points} points pay {fen} fen, its lines say {parts}"
        if not 0 <= points <= min(stage.REDEEM_CAP, totals["goodsFen"]):
            yield f"order {order['_id']}: {points} points pay goods of {totals['goodsFen']}"


POINTS_LAWS: tuple[Law, ...] = (
    points_are_earned_once,
    plants_are_paid_and_harvested_once,
    exchanges_are_made_once,
    a_day_has_its_caps,
    lapsed_points_are_booked,
    orders_pay_with_points_a_fen_each,
)
