"""What operators may write into a rule: its schema, what makes no sense, and how versions differ."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gardenshop.models.base import Model
from gardenshop.rules.campaigns import Wrong, claims_in
from gardenshop.rules.experiments import Experiment
from gardenshop.rules.flags import Flag
from gardenshop.rules.policies.commission import CommissionPolicy
from gardenshop.rules.policies.freight import FreightPolicy
from gardenshop.rules.policies.order import OrderPolicy
from gardenshop.rules.policy import RULES, rule_type
from gardenshop.rules.ranking import DEFAULT_WEIGHTS

Body = Mapping[str, Any]

RULE_ID = rf"^({'|'.join(RULES)}|(flag|experiment):[a-z0-9_\-]{{1,24}})$"
"""The rules there is one of, and flags and experiments by name."""

_SCHEMAS: Mapping[str, type[Model]] = {
    **{rule_id: rule_type(rule_id) for rule_id in RULES},
    "flag": Flag,
    "experiment": Experiment,
}
_LEAST_PAY_MINUTES = 5
_MOST_PAY_MINUTES = 24 * 60


class Change(NamedTuple):
    """What stands at *path* in two versions; None where nothing does."""

    path: str
    before: Any
    after: Any


def category_of(rule_id: str) -> str:
    """Return the category of *rule_id*, which it is or begins with."""
    return rule_id.partition(":")[0]


def read(rule_id: str, body: Body) -> Model:
    """Read *body* as what the rule says. Raises pydantic.ValidationError when it does not fit."""
    return _SCHEMAS[category_of(rule_id)].model_validate(dict(body))


def stored(rule: Model) -> dict[str, Any]:
    """Return the body of *rule* as it is stored: what it says, without what it leaves to the defaults."""
    return rule.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)


def claims_of(title: str, body: Body) -> list[str]:
    """Return the words for which the texts of a rule may not be shown."""
    return claims_in(title, *_texts(body))


def problems_of(rule_id: str, rule: Model, live: Body | None) -> list[Wrong]:
    """Return what makes no sense of *rule*, in itself and after the *live* body, if there is one."""
    if isinstance(rule, Experiment):
        return [*_experiment(rule, live)]
    if isinstance(rule, FreightPolicy):
        return [*_freight(rule)]
    if isinstance(rule, CommissionPolicy):
        return [*_commission(rule)]
    if isinstance(rule, OrderPolicy):
        return [*_order(rule)]
    unknown = rule_id == "recommend" and [*_unknown(getattr(rule, "weights", {}))]
    return unknown or []


def differences(before: Body, after: Body) -> list[Change]:
    """Return where two bodies differ, by path."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    return [
        Change(path, old.get(path), new.get(path))
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    ]


def _experiment(rule: Experiment, live: Body | None) -> Iterator[Wrong]:
    for variant in rule.variants:
        yield from _unknown(variant.weights)
    if live is not None and Experiment.model_validate(dict(live)).shares != rule.shares:
        yield Wrong("variants", "other shares would move members: begin another experiment")


def _unknown(weights: Mapping[str, int]) -> Iterator[Wrong]:
    for name in weights.keys() - DEFAULT_WEIGHTS.keys():
        yield Wrong(f"weights.{name}", "no feature of this name")


def _freight(rule: FreightPolicy) -> Iterator[Wrong]:
    named = [province for region in rule.regions for province in region.provinces] + [*rule.no_delivery]
    for province in sorted({each for each in named if named.count(each) > 1}):
        yield Wrong("regions", f"{province} is named twice")


def _commission(rule: CommissionPolicy) -> Iterator[Wrong]:
    for name in ("share_bp", "recipe_bp", "certification_bp"):
        if getattr(rule, name) > rule.cap_bp:
            yield Wrong(CommissionPolicy.model_fields[name].alias or name, "above capBp")


def _order(rule: OrderPolicy) -> Iterator[Wrong]:
    if not _LEAST_PAY_MINUTES <= rule.pay_minutes <= _MOST_PAY_MINUTES:
        yield Wrong("payMinutes", f"from {_LEAST_PAY_MINUTES} to {_MOST_PAY_MINUTES}")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for pair in value.items() for part in pair for text in _texts(part))
    elif isinstance(value, (list, tuple)):
        yield from (text for each in value for text in _texts(each))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each plain value inside *value* with its path; lists of plain values stay whole."""
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _leaves(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)) and any(isinstance(each, Mapping) for each in value):
        for place, each in enumerate(value):
            yield from _leaves(each, f"{path}.{place}")
    else:
        yield path, value
