"""admin_rules_publish: an operator drafts versions of a rule, tries them on yesterday, and publishes one."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, ValidationError

from gardenshop.cloud.database import Document, find, get
from gardenshop.cloud.entry import OPERATOR, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Conflict, InvalidRequest, NotFound
from gardenshop.cloud.messages import problems
from gardenshop.flows import rule_versions
from gardenshop.flows.rule_versions import RULES, Wish, live_version, version_id
from gardenshop.flows.rule_view import (
    ChangeView,
    Simulation,
    VersionView,
    change_views,
    simulation,
    version_view,
)
from gardenshop.models.base import ClientToken, Line, Model
from gardenshop.rules.live_rules import newest
from gardenshop.rules.policy import policy_of
from gardenshop.rules.rulebook import RULE_ID, claims_of, differences, problems_of, read, stored
from gardenshop.rules.whatif import what_if

Version = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
MOST_VERSIONS = 100


class AdminRulesPublish(Request):
    """`live_version` is the version the operator saw to be live, 0 where none was."""

    action: Literal["list", "view", "draft", "validate", "publish", "rollback"] = "list"
    rule_id: Annotated[str, Field(pattern=RULE_ID)] | None = None
    version: Version | None = None
    live_version: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] | None = None
    against: Version | None = None
    body: Annotated[dict[str, JsonValue], Field(max_length=200)] | None = None
    title: Annotated[Line, Field(max_length=200)] | None = None
    client_token: ClientToken | None = None


class RulesPublished(Response):
    """The `versions` asked for, or the one this was about, and the version of its rule that is live now.

    `changes` are from the version `against`, else from the live one. `problems` keep a draft unpublished.
    """

    versions: list[VersionView]
    live_version: int | None = None
    repeated: bool = False
    body: dict[str, Any] | None = None
    changes: list[ChangeView] | None = None
    problems: list[dict[str, str]] | None = None
    simulation: Simulation | None = None


GOES_WITH: Mapping[str, tuple[set[str], set[str]]] = {
    "list": (set(), {"rule_id"}),
    "view": ({"rule_id", "version"}, {"against"}),
    "draft": ({"rule_id", "body", "title", "client_token"}, set()),
    "validate": ({"rule_id", "version"}, set()),
    "publish": ({"rule_id", "version", "live_version"}, set()),
    "rollback": ({"rule_id", "version", "live_version", "client_token"}, set()),
}
"""The fields that each action needs, and those it may have beside them."""


@cloud_function(caller=OPERATOR, name="admin_rules_publish")
def main(request: AdminRulesPublish, ctx: Context) -> RulesPublished:
    """See that the action has its fields, and do it, or what of it is missing."""
    needed, possible = GOES_WITH[request.action]
    given = {name for name, value in request if value is not None} - {"action"}
    if not needed <= given <= needed | possible:
        raise InvalidRequest(fields=[{"field": "action", "problem": "takes other fields"}])
    return _ACTIONS[request.action](request, ctx)


def _list(request: AdminRulesPublish, ctx: Context) -> RulesPublished:
    """Show what is live or drafted, or all that one rule ever said, the newest first."""
    where = {"ruleId": request.rule_id} if request.rule_id else {"state": {"$in": ["draft", "live"]}}
    page = find(RULES, where, sort={"ruleId": 1, "version": -1}, limit=MOST_VERSIONS)
    (documents,) = ctx.db.read(page)
    return RulesPublished(versions=[version_view(each) for each in documents])


def _view(request: AdminRulesPublish, ctx: Context) -> RulesPublished:
    """Show a version, and how it differs from another one."""
    version, live = _found(request, ctx)
    compared = request.against or live_version(live, version["ruleId"])
    other = ctx.db.one(get(RULES, version_id(version["ruleId"], compared))) if compared else None
    if request.against and other is None:
        raise NotFound("没有这个版本")
    changes = differences((other or {}).get("body", {}), version["body"])
    return _about(version, live, body=version["body"], changes=change_views(changes))


def _draft(request: AdminRulesPublish, ctx: Context) -> RulesPublished:
    """Store a version that fits the rule's schema and says nothing that may not be said."""
    rule_id, body, title = str(request.rule_id), request.body or {}, request.title or ""
    words = claims_of(title, body)
    if words:
        raise InvalidRequest(f"文案里有不能用于食品的说法：{'、'.join(words)}", fields=[_CLAIM])
    wish = Wish(rule_id, stored(_rule(rule_id, body)), title, str(request.client_token))
    version, repeated = rule_versions.draft(ctx, wish)
    return RulesPublished(versions=[version_view(version)], repeated=repeated)


def _validate(request: AdminRulesPublish, ctx: Context) -> RulesPublished:
    """Say what makes no sense, and what yesterday's orders would have come to; note that it was looked at."""
    version, live, orders = _found(request, ctx, rule_versions.yesterdays_orders(ctx.now))
    rule_id = version["ruleId"]
    others = [each for each in live if each["ruleId"] != rule_id]
    before = newest(live).get(rule_id, {}).get("body")
    wrong = problems_of(rule_id, _rule(rule_id, version["body"]), before)
    found = what_if(orders, policy_of(live), policy_of([*others, version]))
    if not wrong and version["state"] == "draft":
        rule_versions.check(ctx, version, live_version(live, rule_id))
    changes = change_views(differences(before or {}, version["body"]))
    told = [each._asdict() for each in wrong]
    return _about(version, live, changes=changes, problems=told, simulation=simulation(found))


def _publish(request: AdminRulesPublish, ctx: Context) -> RulesPublished:
    """Let a checked draft take the place of the version that is live."""
    version, live = _found(request, ctx)
    repeated = rule_versions.publish(ctx, version, live, request.live_version or 0)
    return _published(version, ctx, repeated=repeated)


def _rollback(request: AdminRulesPublish, ctx: Context) -> RulesPublished:
    """Publish what a former version said as a new version. Raises Conflict for one that never was live."""
    former, live = _found(request, ctx)
    if former["state"] != "old":
        raise Conflict("只能回到曾经生效过的版本", state=former["state"])
    seen, title = request.live_version or 0, f"回到第 {former['version']} 版"
    body = stored(_rule(former["ruleId"], former["body"]))
    wish = Wish(former["ruleId"], body, title, str(request.client_token), "rollback", seen)
    version, drafted = rule_versions.draft(ctx, wish)
    repeated = rule_versions.publish(ctx, version, live, seen)
    return _published(version, ctx, repeated=drafted and repeated)


def _rule(rule_id: str, body: Mapping[str, Any]) -> Model:
    try:
        return read(rule_id, body)
    except ValidationError as error:
        raise InvalidRequest(fields=problems(error, within=("body",))) from None


def _found(request: AdminRulesPublish, ctx: Context, *beside: Any) -> list[Any]:
    """Read the version asked for and all live rules, and what stands *beside*."""
    asked = get(RULES, version_id(str(request.rule_id), request.version or 0))
    versions, *others = ctx.db.read(asked, rule_versions.all_live(), *beside)
    if not versions:
        raise NotFound("没有这个版本")
    return [versions[0], *others]


def _published(version: Document, ctx: Context, *, repeated: bool) -> RulesPublished:
    now, live = ctx.db.read(get(RULES, version["_id"]), rule_versions.all_live())
    return _about(now[0], live, repeated=repeated)


def _about(version: Document, live: list[Document], **facts: Any) -> RulesPublished:
    return RulesPublished(
        versions=[version_view(version)], live_version=live_version(live, version["ruleId"]), **facts
    )


_CLAIM = {"field": "body", "problem": "claims what food must not"}
_ACTIONS: Mapping[str, Callable[[AdminRulesPublish, Context], RulesPublished]] = {
    "list": _list,
    "view": _view,
    "draft": _draft,
    "validate": _validate,
    "publish": _publish,
    "rollback": _rollback,
}
