"""What the shop holds of a member, where, and what becomes of each of it when she is erased.

Her data are removed, but for what the books need: orders, ledgers, coupons and reviews that were counted.
That passes to an alias which nothing leads to: her id is replaced wherever it stands, ids and keys included,
and what tells of a person is blanked.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

Document = dict[str, Any]
Owner = Literal["_id", "day", "userId", "practitionerId", "payload.userId"]
Fate = Literal["kept", "removed"]

NOBODY = "已注销用户"
CONFIRMATION = "我确认注销账号"
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Holding(NamedTuple):
    """The documents of *collection* whose *owner* is her; for ``day`` her id is the first part of theirs.

    Of what is kept, *only* these fields are, where that is said; *blank* says what fields become, by dotted
    names: ``None`` takes them away, ``{_id}`` stands for the document's id. Where there is a *title* it is
    hers to export.
    """

    collection: str
    owner: Owner
    fate: Fate
    title: str = ""
    only: tuple[str, ...] = ()
    blank: Mapping[str, Any] = _NOTHING


_STAMPS = ("schemaVersion", "createdAt", "updatedAt")

ACCOUNT = Holding("users", "_id", "kept", "账户", only=("points", "tier", "consents", "erasure", *_STAMPS))
"""Consents are kept as proof that there were some, without whose; her wish, to know her in a backup."""

PRACTITIONER = Holding(
    "practitioners",
    "userId",
    "kept",
    "践行者资料",
    only=("level", "commission", "commissionBp", "certifiedAt", "certifiedBy", *_STAMPS),
)

VOUCHED = Holding(
    "practitioner_certifications",
    "practitionerId",
    "kept",
    "认证",
    blank={"testimony": NOBODY, "evidence": [], "reviewNote": None},
)

COMMISSION = Holding("commission_ledger", "practitionerId", "kept", "佣金流水", blank={"note": None})

HOLDINGS = (
    Holding("user_profiles_extended", "_id", "kept", "个人资料", only=("learning", *_STAMPS)),
    Holding("shopping_cart", "_id", "removed", "购物车"),
    Holding("gardens", "_id", "removed", "花园"),
    Holding("user_events", "userId", "removed", "行为记录"),
    Holding("sync_tasks", "payload.userId", "removed"),
    Holding(
        "orders",
        "userId",
        "kept",
        "订单",
        blank={
            "address": None,
            "remark": "",
            "clientToken": "{_id}",
            "attempts.openid": "erased",
            "shipments.trackingNo": "",
            "afterSales.text": "",
            "afterSales.media": [],
            "afterSales.trackingNo": None,
            "afterSales.decision": None,
            "refunds.reason": "",
            "failure.details": {},
            "history.note": None,
        },
    ),
    Holding(
        "product_reviews",
        "userId",
        "kept",
        "评价",
        blank={"nickname": NOBODY, "media": [], "append.media": [], "reply.by": ""},
    ),
    Holding("user_coupons", "userId", "kept", "优惠券"),
    Holding(
        "meals",
        "userId",
        "kept",
        "餐食与减碳记录",
        blank={"items": [], "text": None, "photoId": None, "uncounted": []},
    ),
    Holding("daily_stats", "day", "kept", "每日统计"),
    Holding("points_ledger", "userId", "kept", "积分流水", blank={"note": None}),
)
"""In the order in which they are looked for, beside the account and what a practitioner has.

The trail of operators is not among them: what is personal in it was masked when it was written, and a row
that changed would break its chain. It keeps her id, which leads to no account any more.
"""

PERSONAL = frozenset(each.collection for each in (ACCOUNT, *HOLDINGS, PRACTITIONER, VOUCHED, COMMISSION))
"""The collections in which something of members is."""

EXPORTED = tuple(each for each in (ACCOUNT, *HOLDINGS, PRACTITIONER, VOUCHED, COMMISSION) if each.title)

_INTERNAL = frozenset(
    {
        "actor",
        "alias",
        "appliedOps",
        "by",
        "certifiedBy",
        "decidedBy",
        "deviceHashes",
        "erasures",
        "greetAt",
        "openid",
        "orderSeq",
        "outboxAt",
        "phoneHash",
        "recentOps",
        "reviewer",
        "schemaVersion",
        "takenBy",
        "unionid",
        "userId",
        "version",
    }
)
"""Fields that only serve the machinery, or name who worked for the shop."""


def where_owner(holding: Holding, owners: Sequence[str]) -> Document:
    """Return the filter of what *holding* has of *owners*, the first of whom is the member."""
    if holding.owner == "day":
        return {"_id": {"$gte": f"{owners[0]}:", "$lt": f"{owners[0]};"}}
    return {holding.owner: {"$in": list(owners)}}


def passed_on(document: Document, holding: Holding, owners: Sequence[str], alias: str) -> Document:
    """Return *document* as it is kept: *owners* are *alias* wherever they stand, and nobody is told of."""
    kept = {name: value for name, value in document.items() if not holding.only or name in holding.only}
    kept["_id"] = document["_id"]
    for path, value in holding.blank.items():
        text = value.format(_id=document["_id"]) if isinstance(value, str) else value
        kept = _blanked(kept, path, text)
    renamed: Document = _renamed(kept, owners, alias)
    return renamed


def _renamed(value: Any, owners: Sequence[str], alias: str) -> Any:
    if isinstance(value, str):
        for owner in owners:
            value = value.replace(owner, alias)
        return value
    if isinstance(value, list):
        return [_renamed(each, owners, alias) for each in value]
    if isinstance(value, dict):
        return {name: _renamed(each, owners, alias) for name, each in value.items()}
    return value


def _blanked(value: Any, path: str, text: Any) -> Any:
    """Return *value*, each of a list, with the field *path*, where it is there, become *text*."""
    if isinstance(value, list):
        return [_blanked(each, path, text) for each in value]
    name, _, rest = path.partition(".")
    if name not in value:
        return value
    if rest:
        return {**value, name: _blanked(value[name], rest, text)}
    others = {key: each for key, each in value.items() if key != name}
    return others if text is None else {**others, name: text}


def told(value: Any) -> Any:
    """Return *value* as its owner may take it with her."""
    if isinstance(value, list):
        return [told(each) for each in value]
    if isinstance(value, dict):
        return {name: told(each) for name, each in value.items() if name not in _INTERNAL}
    return value


ENDED = ("completed", "cancelled", "refunded", "create_failed")
OPEN_SALES = ("applied", "awaiting_return", "returning", "refunding", "abnormal")
OPEN_REFUNDS = ("due", "submitted", "abnormal")


class Blocker(NamedTuple):
    """What has to be settled before a member can be erased: a stable *reason*, and how to say it."""

    reason: str
    text: str


def blockers(
    *,
    account: Mapping[str, Any],
    orders: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    practitioners: Iterable[Mapping[str, Any]],
) -> list[Blocker]:
    """Return what keeps *account* from being erased: open *orders*, pending points *rows*, commission."""
    found = []
    if account.get("roles"):
        found.append(Blocker("staff", "您是店铺工作人员，请先由管理员解除权限"))
    if any(order["status"] not in ENDED for order in orders):
        found.append(Blocker("orders", "还有未完成的订单，请等订单完成或先取消"))
    elif orders:
        found.append(Blocker("after_sales", "还有处理中的售后或退款"))
    if rows:
        found.append(Blocker("settling", "还有积分正在入账，请几分钟后再试"))
    if any(_is_owed(each) for each in practitioners):
        found.append(Blocker("commission", "还有未结清的佣金，请先提现并等打款完成"))
    return found


def _is_owed(practitioner: Mapping[str, Any]) -> bool:
    counters = practitioner.get("commission") or {}
    owed = sum(counters.get(name, 0) for name in ("pendingFen", "confirmedFen", "settledFen"))
    return owed > 0 or "withdrawal" in practitioner
