"""How functions are reached from outside: HTTP access routes, and the security rule that binds clients."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from deploying.errors import NotDeployable
from deploying.service import Service

_SCF = "SCF"
_FUNCTIONS = {"ResourceType": "FUNCTION"}
_PAGE = 100

OPEN: Any = "auth != null"
"""The platform's own default: whoever is logged in, as every user of the mini-program is."""

Rule = Mapping[str, Mapping[str, Any]]
"""Who may call which function from a client; ``*`` stands for those it does not name."""


class Route(NamedTuple):
    """An HTTP access route that leads to a function; *open* means on, and asking for no login."""

    function: str
    open: bool


class Doors:
    """The doors of one environment."""

    def __init__(self, service: Service, env_id: str) -> None:
        self._service = service
        self._env = {"EnvId": env_id}

    def routes(self) -> tuple[str | None, dict[str, Route]]:
        """Return the environment's own domain, and its routes to functions by their paths."""
        domains: list[Mapping[str, Any]] = []
        while True:
            reply = self._service.call(
                "DescribeHTTPServiceRoute", **self._env, Offset=len(domains), Limit=_PAGE
            )
            found = reply.get("Domains") or []
            domains += found
            if len(found) < _PAGE:
                break
        own = next((domain for domain in domains if domain.get("IsDefault")), None)
        routes = (own or {}).get("Routes") or []
        return (own or {}).get("Domain"), {
            one["Path"]: Route(
                one["UpstreamResourceName"],
                open=bool(one.get("Enable", True)) and not one.get("EnableAuth"),
            )
            for one in routes
            if one.get("UpstreamResourceType") == _SCF
        }

    def set_route(self, domain: str | None, path: str, function: str, *, exists: bool) -> None:
        """Lead *path* of *domain* to *function*."""
        if domain is None:
            raise NotDeployable(
                "The environment has no HTTP access domain: open the service in the console first."
            )
        route: dict[str, Any] = {"Path": path, "UpstreamResourceType": _SCF, "UpstreamResourceName": function}
        route |= {"EnableAuth": False, "EnablePathTransmission": False, "Enable": True}
        action = "ModifyHTTPServiceRoute" if exists else "CreateHTTPServiceRoute"
        self._service.call(action, **self._env, Domain={"Domain": domain, "Routes": [route]})

    def delete_route(self, domain: str | None, path: str) -> None:
        """Close *path* of *domain*."""
        self._service.call("DeleteHTTPServiceRoute", **self._env, Domain=domain, Paths=[path])

    def rule(self) -> dict[str, dict[str, Any]]:
        """Return the security rule of the functions."""
        found = self._service.call("DescribeSecurityRule", **self._env, **_FUNCTIONS).get("Rule")
        rule = json.loads(found) if found else {}
        return {"*": {"invoke": OPEN}, **rule}

    def set_rule(self, rule: Rule) -> None:
        """Replace the security rule; the cloud follows within three minutes."""
        text = json.dumps(rule, sort_keys=True)
        self._service.call("ModifySecurityRule", **self._env, **_FUNCTIONS, AclTag="CUSTOM", Rule=text)
