"""The security rule of the environment's functions: who may call which from a client.

A rule is ``{"<function>": {"invoke": …}}``; ``*`` stands for the functions it does not name. It binds clients
alone, not timers, operators and HTTP access routes: docs.cloudbase.net/cloud-function/security-rules.
"""

import json
from typing import Any, Literal

from localcloud.cloudapi.cloud import Cloud
from localcloud.cloudapi.errors import ApiError
from localcloud.cloudapi.params import Parameters, parse
from localcloud.deployed import FUNCTION, Rule

_EXPRESSIONS = ("auth != null", "auth!=null", "auth.loginType != 'ANONYMOUS' && auth != null")
_DOCUMENTATION = "docs.cloudbase.net/cloud-function/security-rules"
_DEFAULT = Rule(text='{"*":{"invoke":"auth != null"}}')


class DescribeSecurityRuleRequest(Parameters):
    """The kind of resource; functions alone are served here."""

    EnvId: str
    ResourceType: Literal["FUNCTION"]


class ModifySecurityRuleRequest(DescribeSecurityRuleRequest):
    """A rule as JSON text; functions have no other tag."""

    AclTag: Literal["CUSTOM"]
    Rule: str


def describe_security_rule(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Return the rule of the functions; by default everybody who is logged in may call them all."""
    cloud.require_env(parse(DescribeSecurityRuleRequest, body).EnvId)
    found = cloud.deployments.rules.get(FUNCTION) or _DEFAULT
    return {"AclTag": "CUSTOM", "Rule": found.text}


def modify_security_rule(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Replace the rule of the functions."""
    request = parse(ModifySecurityRuleRequest, body)
    cloud.require_env(request.EnvId)
    _check(request.Rule)
    cloud.deployments.rules.put(FUNCTION, Rule(text=request.Rule))
    return {}


def _check(text: str) -> None:
    try:
        rule = json.loads(text)
    except ValueError as error:
        raise ApiError("InvalidParameter", f"Rule is not JSON: {error}.") from error
    if not isinstance(rule, dict) or "*" not in rule:
        raise ApiError("InvalidParameter", f"Rule has no entry for *: {_DOCUMENTATION}.")
    for name, one in rule.items():
        if not isinstance(one, dict) or set(one) != {"invoke"} or not _is_value(one["invoke"]):
            raise ApiError(
                "InvalidParameter", f"Rule.{name} is not one of the few allowed: {_DOCUMENTATION}."
            )


def _is_value(value: Any) -> bool:
    return isinstance(value, bool) or value in _EXPRESSIONS


ACTIONS = {"DescribeSecurityRule": describe_security_rule, "ModifySecurityRule": modify_security_rule}
