"""Who may read and write a collection: base permissions and security rules."""

import json
from typing import Any

from localcloud.cloudapi.cloud import Cloud
from localcloud.cloudapi.errors import ApiError
from localcloud.cloudapi.params import Parameters, parse
from localcloud.cloudapi.permissions import BaseTag, Permission, Tag

_KEYS = frozenset({"read", "write", "create", "update", "delete"})
_EXPRESSION = 1024


class CollectionRequest(Parameters):
    """One collection of an environment."""

    EnvId: str
    CollectionName: str


class DescribeSafeRuleRequest(CollectionRequest):
    """The same; WeChat callers add their app id."""

    WxAppId: str | None = None


class ModifyDatabaseACLRequest(CollectionRequest):
    """A base permission."""

    AclTag: BaseTag


class ModifySafeRuleRequest(CollectionRequest):
    """A base permission, or CUSTOM with the JSON text of a security rule."""

    AclTag: Tag
    Rule: str | None = None
    WxAppId: str | None = None


def modify_database_acl(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Set a base permission."""
    request = parse(ModifyDatabaseACLRequest, body)
    _require_collection(cloud, request)
    cloud.permissions.set(request.CollectionName, Permission(request.AclTag))
    return {}


def modify_safe_rule(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Set a base permission or a security rule."""
    request = parse(ModifySafeRuleRequest, body)
    _require_collection(cloud, request)
    cloud.permissions.set(request.CollectionName, permission(request.AclTag, request.Rule))
    return {}


def describe_database_acl(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Return the permission tag of a collection."""
    request = parse(CollectionRequest, body)
    _require_collection(cloud, request)
    return {"AclTag": cloud.permissions.get(request.CollectionName).tag}


def describe_safe_rule(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Return the permission tag and, of a CUSTOM one, the rule."""
    request = parse(DescribeSafeRuleRequest, body)
    _require_collection(cloud, request)
    found = cloud.permissions.get(request.CollectionName)
    return {"AclTag": found.tag, "Rule": found.rule}


def permission(tag: Tag, rule: str | None) -> Permission:
    """Return the permission that *tag* and *rule* make; a CUSTOM one needs a rule, the others have none."""
    if tag != "CUSTOM":
        return Permission(tag)
    if rule is None:
        raise ApiError("MissingParameter", "The parameter `Rule` is required when AclTag is CUSTOM.")
    _check(rule)
    return Permission(tag, rule)


def _check(rule: str) -> None:
    try:
        parsed = json.loads(rule)
    except ValueError as error:
        raise ApiError("InvalidParameterValue", f"Rule is not JSON: {error}.") from error
    if not isinstance(parsed, dict) or not _KEYS.issuperset(parsed):
        raise ApiError("InvalidParameterValue", f"Rule is not an object of {', '.join(sorted(_KEYS))}.")
    for key, value in parsed.items():
        if not isinstance(value, bool) and not (isinstance(value, str) and len(value) <= _EXPRESSION):
            raise ApiError(
                "InvalidParameterValue",
                f"Rule.{key} is not a boolean or an expression of {_EXPRESSION} characters.",
            )


def _require_collection(cloud: Cloud, request: CollectionRequest) -> None:
    cloud.require_env(request.EnvId)
    cloud.require_collection(request.CollectionName)


ACTIONS = {
    "ModifyDatabaseACL": modify_database_acl,
    "ModifySafeRule": modify_safe_rule,
    "DescribeDatabaseACL": describe_database_acl,
    "DescribeSafeRule": describe_safe_rule,
}
