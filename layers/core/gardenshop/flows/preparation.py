"""What the shop's own orders teach about its products, learnt once a night and stored with them.

The orders of `DAYS` days before the night are read page by page; only what teaches is kept of them. The
weights of the night are stored first, then what each product is told. A product that was told tonight is
passed over, so a night that was broken off goes on where it stopped; until its turn comes a product keeps
what it was told before, which weighs the same. What is malformed is passed over (`flows/poison.py`).

What the features of the ranking are worth is learnt, too, from the rules of the night, which are stored with
it: rules published since are followed as they stand until the next night.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from gardenshop.cloud.clock import DAY, day_of, start_of
from gardenshop.cloud.database import Command, Database, Document, find, put, update
from gardenshop.flows import poison
from gardenshop.flows.pages import pages
from gardenshop.flows.purchases import BOUGHT, PURCHASE_FIELDS, purchases_of
from gardenshop.flows.storefront import PRODUCT_FIELDS, SHELF_FIELDS, on_sale
from gardenshop.models.vocabulary import Constitution
from gardenshop.rules.advice import types_of_profile
from gardenshop.rules.consent import stands
from gardenshop.rules.hindsight import looks
from gardenshop.rules.lookback import Past
from gardenshop.rules.policy import policy_of
from gardenshop.rules.prepared import KIND, goods_of, learnt_of
from gardenshop.rules.ranking import weights_of
from gardenshop.rules.worth import learnt_weights

DAYS = 400
_GOODS_FIELDS = ("categoryPath", "brand", "minPriceFen", "learnt.day")
_TOLD_AT_ONCE = 200
FEWEST = 20
"""Members of a segment whose purchases are counted."""


class _Members(NamedTuple):
    """Of members who agreed to its use: their constitution types, and the main one where enough have it."""

    types: Mapping[str, tuple[Constitution, ...]]
    segments: Mapping[str, str]


def prepare(db: Database, now: int) -> int:
    """Learn from the past, as it is at the start of the day of *now*; return how many products were told."""
    day = day_of(now)
    stored = pages(db, "products", {}, _GOODS_FIELDS)
    goods = [each for page in stored for each in poison.results(db, "products", page, _goods, now)]
    untold = [row["product_id"] for row, told in goods if told != day]
    if not untold:
        return 0
    past, members = _past(db, start_of(day), now), _members(db, now)
    catalogue = [row for row, _ in goods]
    prepared = past.prepared(catalogue)
    buyers = past.buyers(members.segments)
    worth = _worth(db, past, catalogue, prepared["weights"], members)
    db.write(_model({"weights": prepared["weights"], "popular": prepared["popular"], **worth}, day, now))
    for first in range(0, len(untold), _TOLD_AT_ONCE):
        chunk = untold[first : first + _TOLD_AT_ONCE]
        db.write(*(_told(each, learnt_of(each, prepared, buyers), day) for each in chunk))
    return len(untold)


def _goods(product: Document) -> tuple[dict[str, Any], str | None]:
    """Return the row of the catalogue that *product* is, and the day when it was told last."""
    return goods_of(product), (product.get("learnt") or {}).get("day")


def _past(db: Database, until: int, now: int) -> Past:
    past = Past()
    when = {"$gte": until - DAYS * DAY, "$lt": until}
    where = {"status": {"$in": list(BOUGHT)}, "createdAt": when}
    for orders in pages(db, "orders", where, PURCHASE_FIELDS):
        for kept in poison.results(db, "orders", orders, lambda order: purchases_of([order]), now):
            past.add(kept)
    return past


def _members(db: Database, now: int) -> _Members:
    """Read who is of which constitution, of those whose consent to its use stands.

    Main types that few have are left out: what such a handful buys would tell of each of them.
    """
    types, mains = dict[str, tuple[Constitution, ...]](), dict[str, str]()
    assessed = {"constitution.primary": {"$exists": True}}
    for profiles in pages(db, "user_profiles_extended", assessed, ("constitution", "personalised")):
        ids = [each["_id"] for each in profiles]
        (users,) = db.read(find("users", {"_id": {"$in": ids}}, fields=("consents",)))
        agreed = {member for each in poison.results(db, "users", users, _agreeing, now) for member in each}
        hers = [each for each in profiles if each["_id"] in agreed and each.get("personalised", True)]
        for member, known, main in poison.results(db, "user_profiles_extended", hers, _assessed, now):
            types[member], mains[member] = known, main
    sizes = Counter(mains.values())
    return _Members(types, {member: main for member, main in mains.items() if sizes[main] >= FEWEST})


def _agreeing(user: Document) -> list[str]:
    return [user["_id"]] if stands(user.get("consents") or [], "health_data") else []


def _assessed(profile: Document) -> tuple[str, tuple[Constitution, ...], str]:
    return profile["_id"], types_of_profile(profile), profile["constitution"]["primary"]


def _worth(
    db: Database,
    past: Past,
    catalogue: list[dict[str, Any]],
    weights: Mapping[str, list[float]],
    members: _Members,
) -> dict[str, Any]:
    """Return what the features are worth by the last weeks, with the usual weights it was learnt from."""
    rules, shelf = db.read(
        find("business_rules", {"state": "live"}), on_sale((*PRODUCT_FIELDS, *SHELF_FIELDS))
    )
    policy = policy_of(rules).recommend
    if not policy.learns:
        return {}
    usual = weights_of(policy.weights)
    lately = past.lately(catalogue, weights, members.segments)
    known = {row["product_id"] for row in catalogue}
    sold = [each for each in shelf if each["_id"] in known]
    seen = looks(lately, sold, members.types, members.segments)
    return {"worth": {"usual": usual, **learnt_weights(seen, usual)._asdict()}}


def _model(metrics: dict[str, Any], day: str, now: int) -> Command:
    stamps = {"schemaVersion": 1, "createdAt": now, "updatedAt": now}
    row = {"_id": f"{KIND}:{day}", "kind": KIND, "day": day, "metrics": metrics, "final": True}
    return put("data_dashboard", {**row, **stamps})


def _told(product_id: str, learnt: dict[str, str], day: str) -> Command:
    return update("products", {"_id": product_id}, {"$set": {"learnt": {"day": day, **learnt}}})
