"""What the shop's own orders teach about its products, learnt once a night and stored with them.

The orders of `DAYS` days before the night are read page by page; only what teaches is kept of them. The
weights of the night are stored first, then what each product is told. A product that was told tonight is
passed over, so a night that was broken off goes on where it stopped; until its turn comes a product keeps
what it was told before, which weighs the same.
"""

from collections import Counter
from collections.abc import Iterator

from gardenshop.cloud.clock import DAY, day_of, start_of
from gardenshop.cloud.database import PAGE, Command, Database, Document, Filter, find, put, update
from gardenshop.flows.purchases import BOUGHT, PURCHASE_FIELDS, purchases_of
from gardenshop.rules.consent import stands
from gardenshop.rules.lookback import Past
from gardenshop.rules.prepared import KIND, goods_of, learnt_of

DAYS = 400
_GOODS_FIELDS = ("categoryPath", "brand", "minPriceFen", "learnt.day")
_TOLD_AT_ONCE = 200
FEWEST = 20
"""Members of a segment whose purchases are counted."""


def prepare(db: Database, now: int) -> int:
    """Learn from the past, as it is at the start of the day of *now*; return how many products were told."""
    day = day_of(now)
    goods = [each for page in _pages(db, "products", {}, _GOODS_FIELDS) for each in page]
    untold = [each for each in goods if (each.get("learnt") or {}).get("day") != day]
    if not untold:
        return 0
    past = _past(db, start_of(day))
    prepared = past.prepared([goods_of(each) for each in goods])
    buyers = past.buyers(_segments(db))
    db.write(_model(prepared, day, now))
    for first in range(0, len(untold), _TOLD_AT_ONCE):
        chunk = untold[first : first + _TOLD_AT_ONCE]
        db.write(*(_told(each["_id"], learnt_of(each["_id"], prepared, buyers), day) for each in chunk))
    return len(untold)


def _past(db: Database, until: int) -> Past:
    past = Past()
    when = {"$gte": until - DAYS * DAY, "$lt": until}
    where = {"status": {"$in": list(BOUGHT)}, "createdAt": when}
    for orders in _pages(db, "orders", where, PURCHASE_FIELDS):
        past.add(purchases_of(orders))
    return past


def _segments(db: Database) -> dict[str, str]:
    """Return the main constitution type of each member whose consent to its use stands.

    Types that few have are left out: what such a handful buys would tell of each of them.
    """
    found: dict[str, str] = {}
    assessed = {"constitution.primary": {"$exists": True}}
    for profiles in _pages(db, "user_profiles_extended", assessed, ("constitution.primary", "personalised")):
        ids = [each["_id"] for each in profiles]
        (users,) = db.read(find("users", {"_id": {"$in": ids}}, fields=("consents",)))
        agreed = {each["_id"] for each in users if stands(each.get("consents") or [], "health_data")}
        found |= {
            each["_id"]: each["constitution"]["primary"]
            for each in profiles
            if each["_id"] in agreed and each.get("personalised", True)
        }
    sizes = Counter(found.values())
    return {member: segment for member, segment in found.items() if sizes[segment] >= FEWEST}


def _pages(db: Database, collection: str, where: Filter, fields: tuple[str, ...]) -> Iterator[list[Document]]:
    """Read all documents that match *where*, by id."""
    last = ""
    while True:
        page = find(collection, {**where, "_id": {"$gt": last}}, fields=fields, sort={"_id": 1}, limit=PAGE)
        (documents,) = db.read(page)
        if not documents:
            return
        yield documents
        last = documents[-1]["_id"]


def _model(prepared: Document, day: str, now: int) -> Command:
    stamps = {"schemaVersion": 1, "createdAt": now, "updatedAt": now}
    metrics = {"weights": prepared["weights"], "popular": prepared["popular"]}
    row = {"_id": f"{KIND}:{day}", "kind": KIND, "day": day, "metrics": metrics, "final": True}
    return put("data_dashboard", {**row, **stamps})


def _told(product_id: str, learnt: dict[str, str], day: str) -> Command:
    return update("products", {"_id": product_id}, {"$set": {"learnt": {"day": day, **learnt}}})
