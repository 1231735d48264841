"""Cloud API 3.0 of the local cloud: ``POST /`` with an action in X-TC-Action and a TC3 signature.

A product is a module's `ACTIONS` under its service and version in `endpoint.PRODUCTS`; an action takes the
`Cloud` and the request's parameters and returns the fields of its reply, or raises `ApiError`.
"""

from starlette.routing import BaseRoute, Route

from localcloud.clock import Clock
from localcloud.cloudapi.cloud import Cloud, Limits
from localcloud.cloudapi.endpoint import Endpoint
from localcloud.cloudapi.errors import ApiError
from localcloud.credentials import Credentials
from localcloud.traces import Traces

__all__ = ["ApiError", "Cloud", "Endpoint", "Limits", "routes"]


def routes(
    cloud: Cloud, credentials: Credentials, clock: Clock, traces: Traces | None = None
) -> list[BaseRoute]:
    """Return the one route of the Cloud API."""
    return [Route("/", Endpoint(cloud, credentials, clock, traces), methods=["POST"])]
