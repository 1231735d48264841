"""privacy_request: what the shop holds of the caller, to take with her, and the end of her account.

An export goes collection by collection, a page a call; an erasure can be taken back until it is due.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from gardenshop.cloud import ejson
from gardenshop.cloud.clock import DAY
from gardenshop.cloud.database import Document, find, get
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import ErasureBlocked, InvalidRequest, NotFound, NothingToRevoke
from gardenshop.cloud.messages import demand_fields
from gardenshop.flows.erasure import alias_of, ask, blockers_of, case_reads, revoke
from gardenshop.models.base import Line
from gardenshop.rules.policy import policy_of
from gardenshop.rules.privacy import CONFIRMATION, EXPORTED, Blocker, Holding, told, where_owner

PAGE = 50
_MOST_BYTES = 500_000
Cursor = Annotated[str, Field(max_length=200, pattern=r"^[0-9]{1,2}~[A-Za-z0-9_:.\-]{0,160}$")]


class PrivacyRequest(Request):
    """``erase`` needs the `confirmation` word for word; `cursor` goes on with an ``export``."""

    action: Literal["status", "export", "erase", "revoke"] = "status"
    confirmation: Annotated[Line, Field(max_length=40)] | None = None
    cursor: Cursor | None = None


class BlockerView(Response):
    """What has to be settled before the account can be erased."""

    reason: str
    text: str


class ErasureView(Response):
    """The wish to be erased, and from when on it cannot be taken back."""

    asked_at: int
    due_at: int


class Page(Response):
    """Documents of one collection; the last page has no `next_cursor`."""

    title: str
    collection: str
    documents: list[dict[str, Any]]
    next_cursor: str | None


class Privacy(Response):
    """The wish, if there is one, what stands against it now, and a page of an export."""

    erasure: ErasureView | None = None
    blockers: list[BlockerView] = Field(default_factory=list)
    confirmation: str = CONFIRMATION
    page: Page | None = None


@cloud_function(caller=MEMBER)
def main(request: PrivacyRequest, ctx: Context) -> Privacy:
    """Look, export a page, ask to be erased, or take that back; asking twice is asking once."""
    if request.action == "export":
        return Privacy(page=_export(request.cursor or "0~", ctx))
    *case, rules = ctx.db.read(*case_reads(ctx.user_id), find("business_rules", {"state": "live"}))
    if not case[0]:
        raise NotFound("请先登录")
    account, found = case[0][0], blockers_of(case)
    if request.action == "revoke":
        account = _revoked(account, ctx)
    elif request.action == "erase" and "erasure" not in account:
        demand_fields(confirmation=request.confirmation)
        account = _asked(request, account, found, policy_of(rules).privacy.erase_wait_days, ctx)
    return _view(account, found)


def _asked(
    request: PrivacyRequest, account: Document, found: list[Blocker], days: int, ctx: Context
) -> Document:
    """Store the wish unless something stands against it; return the account with the wish that stands."""
    if request.confirmation != CONFIRMATION:
        wrong = [{"field": "confirmation", "problem": "other words"}]
        raise InvalidRequest(f"请输入“{CONFIRMATION}”", fields=wrong)
    if found:
        raise ErasureBlocked(blockers=[each._asdict() for each in found])
    alias = alias_of(ctx.user_id, ctx.settings.environ.get("PHONE_HASH_KEY", ""), ctx.now)
    ctx.db.write(*ask(account, alias=alias, due_at=ctx.now + days * DAY, now=ctx.now))
    return ctx.db.one(get("users", ctx.user_id, fields=("erasure",))) or account


def _revoked(account: Document, ctx: Context) -> Document:
    """Take the wish back. Raises NothingToRevoke without one."""
    if "erasure" not in account:
        raise NothingToRevoke
    ctx.db.write(revoke(ctx.user_id, ctx.now))
    return {name: value for name, value in account.items() if name != "erasure"}


def _export(cursor: str, ctx: Context) -> Page:
    """Return what comes after *cursor*, which is a number of a collection and an id in it."""
    number, _, last = cursor.partition("~")
    place = int(number)
    if place >= len(EXPORTED):
        raise InvalidRequest(fields=[{"field": "cursor", "problem": "out of range"}])
    holding = EXPORTED[place]
    documents = _documents(holding, last, ctx)
    shown = _fitting(documents[:PAGE])
    more, following = len(shown) < len(documents), place + 1 < len(EXPORTED)
    next_cursor = f"{place}~{shown[-1]['_id']}" if more else f"{place + 1}~" if following else None
    return Page(
        title=holding.title,
        collection=holding.collection,
        documents=[told(each) for each in shown],
        next_cursor=next_cursor,
    )


def _documents(holding: Holding, last: str, ctx: Context) -> list[Document]:
    """Read one document more than a page of what *holding* has of the caller beyond the id *last*."""
    owners = [ctx.user_id]
    if holding.owner == "practitionerId":
        (found,) = ctx.db.read(find("practitioners", {"userId": ctx.user_id}, fields=("userId",)))
        owners = [each["_id"] for each in found]
    where = {"$and": [where_owner(holding, owners), {"_id": {"$gt": last}}]}
    (documents,) = ctx.db.read(find(holding.collection, where, sort={"_id": 1}, limit=PAGE + 1))
    return documents


def _fitting(documents: list[Document]) -> list[Document]:
    """Return the first of *documents*, one at least, that fit into a reply."""
    size, fitting = 0, list[Document]()
    for document in documents:
        size += len(ejson.encode_bytes(document))
        if fitting and size > _MOST_BYTES:
            break
        fitting.append(document)
    return fitting


def _view(account: Document, found: list[Blocker]) -> Privacy:
    wish = account.get("erasure")
    return Privacy(
        erasure=ErasureView(asked_at=wish["askedAt"], due_at=wish["dueAt"]) if wish else None,
        blockers=[BlockerView(reason=each.reason, text=each.text) for each in found],
    )
