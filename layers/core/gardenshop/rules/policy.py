"""The live business rules, as typed values with sensible defaults.

A rule's `body` in `business_rules` overrides the defaults field by field. `version`, such as
``freight1.order1.points2``, names the live rules and is stamped on each order and ledger row, which are
never recomputed from later rules.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gardenshop.models.base import Model
from gardenshop.rules.live_rules import newest

if TYPE_CHECKING:
    from gardenshop.rules.experiments import Experiment
    from gardenshop.rules.flags import Flag
    from gardenshop.rules.policies.campaign import CampaignPolicy
    from gardenshop.rules.policies.carbon import CarbonPolicy
    from gardenshop.rules.policies.commission import CommissionPolicy
    from gardenshop.rules.policies.freight import FreightPolicy
    from gardenshop.rules.policies.garden import GardenPolicy
    from gardenshop.rules.policies.learning import LearningPolicy
    from gardenshop.rules.policies.order import OrderPolicy
    from gardenshop.rules.policies.plan import PlanPolicy
    from gardenshop.rules.policies.points import PointsPolicy
    from gardenshop.rules.policies.privacy import PrivacyPolicy
    from gardenshop.rules.policies.recommend import RecommendPolicy
    from gardenshop.rules.policies.restock import RestockPolicy


class _Rules:
    """The rules there is one of."""

    freight: "FreightPolicy"
    order: "OrderPolicy"
    points: "PointsPolicy"
    carbon: "CarbonPolicy"
    garden: "GardenPolicy"
    learning: "LearningPolicy"
    recommend: "RecommendPolicy"
    restock: "RestockPolicy"
    commission: "CommissionPolicy"
    campaign: "CampaignPolicy"
    privacy: "PrivacyPolicy"
    plan: "PlanPolicy"


RULES: Mapping[str, str] = _Rules.__annotations__
"""The class of each of them, by its id, which is also the name of its module."""


def rule_type(rule_id: str) -> type[Model]:
    """Return what the rule *rule_id* may hold."""
    module = import_module(f"gardenshop.rules.policies.{rule_id}")
    found: type[Model] = getattr(module, RULES[rule_id])
    return found


class Policy(_Rules):
    """All live rules, with the flags and experiments by name.

    A function asks for few of them, so each is understood when it is first asked for; asking raises
    pydantic.ValidationError when the body of the live rule is malformed.
    """

    def __init__(self, live: Sequence[Mapping[str, Any]]) -> None:
        self._live = live
        self._known = {rule_id: each for rule_id, each in newest(live).items() if rule_id in RULES}
        self.version = ".".join(f"{name}{self._known[name]['version']}" for name in sorted(self._known))

    @cached_property
    def flags(self) -> Mapping[str, "Flag"]:
        """Whom each flag is open to."""
        from gardenshop.rules.flags import flags_of  # noqa: PLC0415  # Few functions ask for them.

        return flags_of(self._live)

    @cached_property
    def experiments(self) -> Mapping[str, "Experiment"]:
        """The experiments that are published."""
        from gardenshop.rules.experiments import experiments_of  # noqa: PLC0415  # As above.

        return experiments_of(self._live)

    def __getattr__(self, name: str) -> Any:
        if name not in RULES:
            raise AttributeError(name)
        body = self._known[name]["body"] if name in self._known else {}
        rule = rule_type(name).model_validate(body)
        setattr(self, name, rule)
        return rule


def policy_of(documents: Iterable[Mapping[str, Any]]) -> Policy:
    """Build the policy from the live `business_rules` *documents*.

    Rules this module does not know belong to other readers and are passed over.
    """
    return Policy(list(documents))
