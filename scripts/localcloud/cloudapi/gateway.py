"""HTTP access routes: the paths under which the environment's default domain leads to functions.

Two generations of the API tell of the same routes: HTTPServiceRoute, and CloudBaseGWAPI, which the official
command-line tool uses. Custom domains and other upstreams are not served here.
"""

from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from localcloud.cloudapi.cloud import Cloud, time_text
from localcloud.cloudapi.errors import ApiError
from localcloud.cloudapi.params import Parameters, parse
from localcloud.deployed import Route
from localcloud.functions import LOCAL_APPID

UrlPath = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9_./-]*$", max_length=256)]
_FUNCTION = 1
_NEEDS_LOGIN = 1


class RouteParam(Parameters):
    """A route to set; what is absent is as before, or as the platform would have it."""

    Path: UrlPath
    UpstreamResourceType: Literal["SCF"] | None = None
    UpstreamResourceName: str | None = None
    UpstreamResourceVersion: Literal["$DEFAULT", "$LATEST"] | None = None
    EnableAuth: bool | None = None
    EnablePathTransmission: bool | None = None
    EnableSafeDomain: bool | None = None
    Enable: bool | None = None


class DomainParam(Parameters):
    """Routes of the default domain."""

    Domain: str
    Routes: list[RouteParam] = Field(min_length=1, max_length=20)


class SetRoutesRequest(Parameters):
    """Routes to create or to change."""

    EnvId: str
    Domain: DomainParam


class DeleteRoutesRequest(Parameters):
    """Paths to close."""

    EnvId: str
    Domain: str
    Paths: list[str] = Field(min_length=1)


class Filter(Parameters):
    """Values that a field may have."""

    Name: Literal["Domain", "Path", "DomainType", "UpstreamResourceType"]
    Values: list[str]


class DescribeRoutesRequest(Parameters):
    """A part of the list of routes."""

    EnvId: str
    Filters: list[Filter] = Field(default_factory=list)
    Offset: int = Field(default=0, ge=0)
    Limit: int = Field(default=20, ge=1, le=1000)


class CreateGWAPIRequest(Parameters):
    """One path to a function, as the command-line tool asks for it."""

    ServiceId: str
    Path: UrlPath
    Type: Literal[1]
    Name: str
    AuthSwitch: Literal[1, 2] = 2
    EnableUnion: bool | None = None


class DescribeGWAPIRequest(Parameters):
    """Paths by what is given of them."""

    ServiceId: str
    Domain: str | None = None
    Path: str | None = None
    APIId: str | None = None
    Name: str | None = None
    EnableUnion: bool | None = None
    Offset: int | None = None
    Limit: int | None = None


class DeleteGWAPIRequest(Parameters):
    """Paths to close by what is given of them."""

    ServiceId: str
    Path: str | None = None
    APIId: str | None = None
    Name: str | None = None
    Type: Literal[1] | None = None


def create_routes(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Create routes, all or none."""
    request = parse(SetRoutesRequest, body)
    _require_domain(cloud, request.EnvId, request.Domain.Domain)
    for one in request.Domain.Routes:
        if cloud.deployments.routes.get(one.Path):
            raise ApiError("ResourceInUse", f"The path {one.Path} is taken.")
        if not one.UpstreamResourceName or not one.UpstreamResourceType:
            raise ApiError("MissingParameter", f"The route {one.Path} has no upstream.")
    for one in request.Domain.Routes:
        _put(cloud, one, _new(cloud, one.Path, one.UpstreamResourceName or "", needs_login=False))
    return {}


def modify_routes(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Change routes, all or none."""
    request = parse(SetRoutesRequest, body)
    _require_domain(cloud, request.EnvId, request.Domain.Domain)
    found = [(one, _existing(cloud, one.Path)) for one in request.Domain.Routes]
    for one, route in found:
        _put(cloud, one, route)
    return {}


def delete_routes(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Delete routes, all or none."""
    request = parse(DeleteRoutesRequest, body)
    _require_domain(cloud, request.EnvId, request.Domain)
    for route in [_existing(cloud, path) for path in request.Paths]:
        cloud.deployments.routes.remove(route.path)
    return {}


def describe_routes(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Return one page of the routes of the default domain."""
    request = parse(DescribeRoutesRequest, body)
    cloud.require_env(request.EnvId)
    facts = {"Domain": default_domain(cloud), "DomainType": "HTTPSERVICE", "UpstreamResourceType": "SCF"}
    found = [
        route
        for route in cloud.deployments.routes.all()
        if all({**facts, "Path": route.path}[one.Name] in one.Values for one in request.Filters)
    ]
    page = found[request.Offset : request.Offset + request.Limit]
    domain = {
        "Domain": facts["Domain"],
        "DomainType": facts["DomainType"],
        "AccessType": "DIRECT",
        "Protocol": "HTTP_AND_HTTPS",
        "IsDefault": True,
        "Enable": True,
        "Status": "SUCCESS",
        "DNSStatus": "OK",
        "Routes": [_described(route) for route in page],
    }
    return {"Domains": [domain], "OriginDomain": facts["Domain"], "TotalCount": len(found)}


def create_gwapi(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Create one route."""
    request = parse(CreateGWAPIRequest, body)
    cloud.require_env(request.ServiceId)
    if cloud.deployments.routes.get(request.Path):
        raise ApiError("InvalidParameter.APICreated", f"The path {request.Path} is taken.")
    route = _new(cloud, request.Path, request.Name, needs_login=request.AuthSwitch == _NEEDS_LOGIN)
    cloud.deployments.routes.put(route.path, route)
    return {"APIId": route.id}


def describe_gwapi(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Return the routes that have what is asked for."""
    request = parse(DescribeGWAPIRequest, body)
    cloud.require_env(request.ServiceId)
    found = _matching(cloud, request)
    first = request.Offset or 0
    page = found[first : None if request.Limit is None else first + request.Limit]
    return {"APISet": [_gwapi(route) for route in page], "Total": len(found), "EnableService": True}


def delete_gwapi(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Delete the routes that have what is given."""
    request = parse(DeleteGWAPIRequest, body)
    cloud.require_env(request.ServiceId)
    found = _matching(cloud, request)
    if not found or request.Path is request.APIId is request.Name is None:
        raise ApiError("ResourceNotFound", "There is no such route.")
    for route in found:
        cloud.deployments.routes.remove(route.path)
    return {}


def default_domain(cloud: Cloud) -> str:
    """Return the name of the environment's own domain; here it is this server's ``/http``."""
    return f"{cloud.env}-{LOCAL_APPID}.{cloud.region}.app.tcloudbase.com"


def _require_domain(cloud: Cloud, env: str, domain: str) -> None:
    cloud.require_env(env)
    if domain != default_domain(cloud):
        raise ApiError(
            "ResourceNotFound", f"The domain {domain} is not served here; served: {default_domain(cloud)}."
        )


def _existing(cloud: Cloud, path: str) -> Route:
    route = cloud.deployments.routes.get(path)
    if route is None:
        raise ApiError("ResourceNotFound", f"There is no route {path}.")
    return route


def _new(cloud: Cloud, path: str, function: str, *, needs_login: bool) -> Route:
    return Route(
        id=sha256(f"{cloud.env}{path}".encode()).hexdigest()[:32],
        path=path,
        function=function,
        needs_login=needs_login,
        passes_path=False,
        enabled=True,
        added_at=cloud.now(),
        modified_at=cloud.now(),
    )


def _put(cloud: Cloud, wanted: RouteParam, route: Route) -> None:
    """Store *route* with what is *wanted* of it."""
    said = {
        "function": wanted.UpstreamResourceName,
        "needs_login": wanted.EnableAuth,
        "passes_path": wanted.EnablePathTransmission,
        "enabled": wanted.Enable,
    }
    changes = {name: value for name, value in said.items() if value is not None}
    changed = route.model_copy(update={**changes, "modified_at": cloud.now()})
    cloud.deployments.routes.put(route.path, changed)


def _matching(cloud: Cloud, request: DescribeGWAPIRequest | DeleteGWAPIRequest) -> list[Route]:
    return [
        route
        for route in cloud.deployments.routes.all()
        if request.Path in (None, route.path)
        and request.APIId in (None, route.id)
        and request.Name in (None, route.function)
    ]


def _described(route: Route) -> dict[str, Any]:
    return {
        "Path": route.path,
        "UpstreamResourceType": "SCF",
        "UpstreamResourceName": route.function,
        "UpstreamResourceVersion": "$DEFAULT",
        "EnableAuth": route.needs_login,
        "EnablePathTransmission": route.passes_path,
        "EnableSafeDomain": True,
        "Enable": route.enabled,
        "CreateTime": _iso(route.added_at),
        "UpdateTime": _iso(route.modified_at),
    }


def _gwapi(route: Route) -> dict[str, Any]:
    return {
        "APIId": route.id,
        "Path": route.path,
        "Type": _FUNCTION,
        "Name": route.function,
        "AuthSwitch": _NEEDS_LOGIN if route.needs_login else 2,
        "CreateTime": int(route.added_at),
        "Status": 1 if route.enabled else 2,
    }


def _iso(seconds: float) -> str:
    return time_text(seconds).replace(" ", "T") + "+08:00"


ACTIONS = {
    "CreateHTTPServiceRoute": create_routes,
    "ModifyHTTPServiceRoute": modify_routes,
    "DeleteHTTPServiceRoute": delete_routes,
    "DescribeHTTPServiceRoute": describe_routes,
    "CreateCloudBaseGWAPI": create_gwapi,
    "DescribeCloudBaseGWAPI": describe_gwapi,
    "DeleteCloudBaseGWAPI": delete_gwapi,
}
