"""product_certify: a practitioner vouches for a product or takes that back; an operator decides."""

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from gardenshop.cloud.clock import DAY
from gardenshop.cloud.database import Document, find, get, put
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Conflict, Forbidden, InvalidRequest, NotFound
from gardenshop.cloud.roles import roles_for
from gardenshop.flows.audit import audit
from gardenshop.flows.certifications import change, project
from gardenshop.flows.texts import refuse_claims
from gardenshop.models.base import Key, Line, Words

MOST_BADGES = 20
DECIDERS = roles_for("product_certify")
Evidence = Annotated[str, Field(max_length=500, pattern=r"^(?:cloud|https)://[!-~]+$")]


class ProductCertify(Request):
    """``certify`` needs a `testimony`; an operator's ``approve`` and ``refuse`` name the practitioner.

    An approval holds for `days`.
    """

    action: Literal["certify", "withdraw", "approve", "refuse"] = "certify"
    product_id: Annotated[Key, Field(max_length=60)]
    testimony: Annotated[Words, Field(max_length=1000)] | None = None
    evidence: Annotated[tuple[Evidence, ...], Field(max_length=9)] = ()
    practitioner_id: Annotated[Key, Field(max_length=60)] | None = None
    days: Annotated[int, Field(strict=True, ge=1, le=1095)] = 365
    note: Annotated[Line, Field(max_length=200)] = ""


class Certified(Response):
    """The certification as it is now; `until` is when it lapses."""

    certification_id: str
    state: str
    level: str
    until: int | None = None


class _Case(NamedTuple):
    """A product, the practitioner, and what she has said of it so far."""

    product: Document
    practitioner: Document
    certification: Document | None


@cloud_function(caller=MEMBER)
def main(request: ProductCertify, ctx: Context) -> Certified:
    """Read who may do it, end what was broken off, take the step, and let the product show it."""
    decides = request.action in {"approve", "refuse"}
    case = _decided(request, ctx) if decides else _own(request, ctx)
    name = case.practitioner["name"]
    old = project(ctx.db, case.certification, name, ctx.now) if case.certification else None
    fields = _fields(request, case, old, ctx)
    if old is not None and all(old.get(each) == value for each, value in _lasting(fields).items()):
        return _shown(old)
    certification = _step(request, case, old or _blank(request, case, ctx), fields, ctx)
    return _shown(project(ctx.db, certification, name, ctx.now))


def _own(request: ProductCertify, ctx: Context) -> _Case:
    """Return the caller's case. Raises Forbidden unless she is an active practitioner."""
    products, practitioners, certifications = ctx.db.read(
        get("products", request.product_id, fields=("status", "certifications")),
        find("practitioners", {"userId": ctx.user_id, "status": "active"}, limit=1),
        find("practitioner_certifications", {"targetType": "product", "target": request.product_id}),
    )
    if not practitioners:
        raise Forbidden("只有践行者可以认证商品")
    return _case(products, practitioners[0], certifications)


def _decided(request: ProductCertify, ctx: Context) -> _Case:
    """Return the case to decide. Raises Forbidden but to an operator, or on her own words."""
    if request.practitioner_id is None:
        raise InvalidRequest(fields=[{"field": "practitionerId", "problem": "missing"}])
    products, practitioners, certifications, operators = ctx.db.read(
        get("products", request.product_id, fields=("status", "certifications")),
        get("practitioners", request.practitioner_id),
        find("practitioner_certifications", {"targetType": "product", "target": request.product_id}),
        find("users", {"_id": ctx.user_id, "roles": {"$in": list(DECIDERS)}}, fields=("roles",), limit=1),
    )
    if not operators or any(each.get("userId") == ctx.user_id for each in practitioners):
        raise Forbidden
    if not practitioners:
        raise NotFound("没有这位践行者")
    return _case(products, practitioners[0], certifications)


def _case(products: list[Document], practitioner: Document, certifications: list[Document]) -> _Case:
    if not products or products[0]["status"] == "archived":
        raise NotFound("没有这件商品")
    hers = (each for each in certifications if each["practitionerId"] == practitioner["_id"])
    return _Case(products[0], practitioner, next(hers, None))


def _fields(request: ProductCertify, case: _Case, old: Document | None, ctx: Context) -> dict[str, Any]:
    """Return the next state. Raises when the present one does not lead there."""
    state = old["state"] if old else None
    if request.action == "certify":
        return _testimony(request, case, state)
    if state is None:
        raise NotFound("没有这项认证")
    if request.action == "withdraw":
        return {"state": "withdrawn"}
    if request.action == "refuse":
        _demand(state, "applied", "refused")
        return {"state": "refused", "reviewer": ctx.user_id, "reviewNote": request.note}
    _demand(state, "applied", "approved")
    if state == "applied" and len(case.product.get("certifications") or ()) >= MOST_BADGES:
        raise Conflict("这件商品的认证已满", most=MOST_BADGES)
    if case.practitioner["status"] != "active":
        raise Conflict("该践行者目前不能认证商品")
    period = {"from": ctx.now, "until": ctx.now + request.days * DAY}
    return {"state": "approved", "reviewer": ctx.user_id, "reviewNote": request.note, **period}


def _testimony(request: ProductCertify, case: _Case, state: str | None) -> dict[str, Any]:
    """Return what she vouches for. Raises InvalidRequest for words that food must not be praised with."""
    if request.testimony is None:
        raise InvalidRequest(fields=[{"field": "testimony", "problem": "missing"}])
    refuse_claims({"testimony": request.testimony})
    if state == "approved":
        raise Conflict("这件商品您已认证；如需修改请先撤回")
    said = {"testimony": request.testimony, "evidence": list(request.evidence)}
    return {"state": "applied", **said, "level": case.practitioner["level"]}


def _demand(state: str, *allowed: str) -> None:
    if state not in allowed:
        raise Conflict("这项认证当前不能这样处理", state=state)


def _lasting(fields: dict[str, Any]) -> dict[str, Any]:
    """Return what tells a repeat from a new step: not who decided it, nor when."""
    return {name: fields[name] for name in ("state", "testimony", "evidence") if name in fields}


def _blank(request: ProductCertify, case: _Case, ctx: Context) -> Document:
    return {
        "_id": f"{case.practitioner['_id']}:product:{request.product_id}",
        "practitionerId": case.practitioner["_id"],
        "targetType": "product",
        "target": request.product_id,
        "level": case.practitioner["level"],
        "testimony": "",
        "evidence": [],
        "state": "withdrawn",
        "version": 0,
        "projected": 0,
        "schemaVersion": 1,
        "createdAt": ctx.now,
        "updatedAt": ctx.now,
    }


def _step(
    request: ProductCertify, case: _Case, old: Document, fields: dict[str, Any], ctx: Context
) -> Document:
    """Write the trail and the step, guarded by the state it was decided on. Raises Conflict."""
    version = old.get("version", 0) + 1
    audit(
        ctx,
        key=f"certify:{old['_id']}:{version}:{ctx.user_id}",
        role="operator" if request.action in {"approve", "refuse"} else "practitioner",
        function="product_certify",
        action=request.action,
        target=old["_id"],
        diff={"state": [old["state"] if case.certification else None, fields["state"]]},
        reason=request.note,
    )
    created = [] if case.certification else [put("practitioner_certifications", old)]
    *_, changed = ctx.db.write(*created, change(old, fields, ctx.now))
    if not changed.happened:
        raise Conflict("认证状态刚刚有变化，请重试")
    return {**old, **fields, "version": version, "updatedAt": ctx.now}


def _shown(certification: Document) -> Certified:
    return Certified(
        certification_id=certification["_id"],
        state=certification["state"],
        level=certification["level"],
        until=certification.get("until") if certification["state"] == "approved" else None,
    )
