"""Versions of rules, their differences and what they would have come to, as operators see them."""

from collections.abc import Mapping
from typing import Any

from gardenshop.cloud.database import PAGE
from gardenshop.cloud.entry import Response
from gardenshop.rules.rulebook import Change
from gardenshop.rules.whatif import Example, Sums, WhatIf


class VersionView(Response):
    """One version of a rule."""

    rule_id: str
    version: int
    state: str
    title: str
    author: str
    since: int | None
    until: int | None


class ChangeView(Response):
    """What stands at `path` in two versions; absent where nothing does."""

    path: str
    before: Any
    after: Any


class SumsView(Response):
    """What one order, or all, come to."""

    payable_fen: int
    freight_fen: int
    points_used: int
    shop_points: int
    garden_points: int
    commission_fen: int


class ExampleView(Response):
    """An order that would have come to something else."""

    order_no: str
    before: SumsView
    after: SumsView


class Simulation(Response):
    """Yesterday's orders under both rules; `is_whole` is false where only some of them were tried."""

    orders: int
    is_whole: bool
    differ: int
    before: SumsView
    after: SumsView
    examples: list[ExampleView]


def version_view(version: Mapping[str, Any]) -> VersionView:
    """Return the stored *version* as it is shown."""
    return VersionView(
        rule_id=version["ruleId"],
        version=version["version"],
        state=version["state"],
        title=version.get("title", ""),
        author=version["author"],
        since=version.get("from"),
        until=version.get("to"),
    )


def change_views(changes: list[Change]) -> list[ChangeView]:
    """Return *changes* as they are shown."""
    return [ChangeView(path=each.path, before=each.before, after=each.after) for each in changes]


def simulation(found: WhatIf) -> Simulation:
    """Return what was *found* as it is shown."""
    return Simulation(
        orders=found.orders,
        is_whole=found.orders < PAGE,
        differ=found.differ,
        before=_sums(found.before),
        after=_sums(found.after),
        examples=[_example(each) for each in found.examples],
    )


def _example(example: Example) -> ExampleView:
    return ExampleView(order_no=example.order_no, before=_sums(example.before), after=_sums(example.after))


def _sums(sums: Sums) -> SumsView:
    return SumsView.model_validate(sums._asdict())
