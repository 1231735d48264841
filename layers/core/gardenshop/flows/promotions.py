"""Promotions as they are stored: which are on, what they give, and what orders take of their budgets."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gardenshop.cloud.database import Command, Database, Document, aggregate
from gardenshop.cloud.entry import Response
from gardenshop.cloud.errors import Internal
from gardenshop.flows.balances import Operation, apply, perform
from gardenshop.flows.orders import was_held
from gardenshop.models.promotion import Promotion
from gardenshop.rules.basket import sku_of
from gardenshop.rules.promotions import RUNNING
from gardenshop.rules.till import Gift, GiftGoods

STORED = [str(field.alias) for name, field in Promotion.model_fields.items() if name != "recent_ops"]
_GIFT_FIELDS = ("_id", "title", "skus", "media.cover", "fresh", "carbonGPerUnit")


class GiftItem(NamedTuple):
    """A SKU that a promotion can give, as it is stored."""

    product: Mapping[str, Any]
    sku: Mapping[str, Any]
    available: int


class Campaigns(NamedTuple):
    """The promotions that are on, and the SKUs they can give."""

    promotions: tuple[Promotion, ...]
    gifts: Mapping[str, GiftItem]

    def gift_goods(self, wanted: Mapping[str, int]) -> dict[str, GiftGoods]:
        """Return what can be given beside the units *wanted* of each SKU."""
        return {
            sku_id: GiftGoods(
                gift.product["title"], gift.sku["priceFen"], gift.available - wanted.get(sku_id, 0)
            )
            for sku_id, gift in self.gifts.items()
        }


class GiftView(Response):
    """Units that come with the order for nothing."""

    sku_id: str
    product_id: str
    title: str
    spec: str
    quantity: int


def running(now: int) -> Command:
    """Return the read of the promotions that are on at *now*, each with the goods it gives."""
    shown = [
        *STORED,
        *(f"products.{name}" for name in _GIFT_FIELDS),
        "stock._id",
        "stock.available",
    ]
    return aggregate(
        "promotions",
        {"$match": {"state": {"$in": list(RUNNING)}, "startAt": {"$lte": now}, "endAt": {"$gt": now}}},
        _lookup("products", "skus.skuId", into="products"),
        _lookup("inventory", "_id", into="stock"),
        {"$project": dict.fromkeys(shown, 1)},
    )


def _lookup(collection: str, field: str, *, into: str) -> Document:
    source = {"from": collection, "localField": "benefit.giftSkuId", "foreignField": field}
    return {"$lookup": {**source, "as": into}}


def campaigns_of(documents: Sequence[Mapping[str, Any]]) -> Campaigns:
    """Read the reply to `running`."""
    promotions, gifts = [], {}
    for document in documents:
        promotion = Promotion.model_validate({name: document[name] for name in STORED if name in document})
        promotions.append(promotion)
        sku_id = promotion.benefit.gift_sku_id
        if sku_id and document["products"] and document["stock"]:
            product, stock = document["products"][0], document["stock"][0]
            sku = sku_of(product, sku_id)
            if sku is not None:
                gifts[sku_id] = GiftItem(product, sku, int(stock["available"]))
    return Campaigns(tuple(promotions), gifts)


def gift_views(gifts: Sequence[Gift], campaigns: Campaigns) -> list[GiftView]:
    """Show *gifts*."""
    shown = []
    for gift in gifts:
        item = campaigns.gifts[gift.sku_id]
        shown.append(
            GiftView(
                sku_id=gift.sku_id,
                product_id=item.product["_id"],
                title=item.product["title"],
                spec=item.sku["spec"],
                quantity=gift.quantity,
            )
        )
    return shown


def take(order: Document) -> list[Operation]:
    """Take what the order uses of each budget; refused where it is not there any more, or once void."""
    not_void = {"$nor": [{"recentOps.key": _key("void", order)}]}
    return [
        _operation(
            order,
            use["promotionId"],
            "take",
            use["units"],
            guard={
                **not_void,
                "budget.limit": use["limit"],
                "budget.used": {"$lte": use["limit"] - use["units"]},
            },
            started=order["createdAt"],
        )
        for use in order.get("budgets") or ()
    ]


def give_back(db: Database, order: Document, *, started: int, now: int) -> None:
    """Give back what *order* took of budgets, once, and keep a copy of its checkout from taking it now.

    Raises Internal when a promotion cannot tell.
    """
    uses = order.get("budgets") or ()
    held = was_held(order)
    since = started if held else order["createdAt"]
    voids = [] if held else [apply(_void(order, use["promotionId"]), now) for use in uses]
    taken = {"recentOps.key": _key("take", order)}
    operations = [
        _operation(
            order,
            use["promotionId"],
            "back",
            -use["units"],
            guard={} if held else {"$and": [taken]},
            started=since,
        )
        for use in uses
    ]
    outcome = perform(db, operations, now, before=voids)
    wrong = outcome.unknown | (outcome.refused if held else frozenset())
    if wrong:
        raise Internal(cause=f"budgets of {order['_id']}: {sorted(wrong)}")


def _void(order: Document, promotion_id: str) -> Operation:
    taken = {"$nor": [{"recentOps.key": _key("take", order)}]}
    return _operation(order, promotion_id, "void", 0, guard=taken, started=order["createdAt"])


def _key(reason: str, order: Document) -> str:
    return f"{reason}:{order['_id']}"


def _operation(
    order: Document, promotion_id: str, reason: str, units: int, *, guard: Mapping[str, Any], started: int
) -> Operation:
    return Operation(
        key=_key(reason, order),
        balance="promotions",
        target=promotion_id,
        guard=guard,
        change={"$inc": {"budget.used": units}} if units else {},
        started=started,
    )
