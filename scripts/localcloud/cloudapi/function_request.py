"""The function that a request is about."""

from localcloud.cloudapi.cloud import Cloud
from localcloud.cloudapi.errors import ApiError
from localcloud.cloudapi.params import Parameters
from localcloud.deployed import DeployedFunction


class FunctionRequest(Parameters):
    """One function of the environment."""

    FunctionName: str
    Namespace: str | None = None


def required(cloud: Cloud, name: str, namespace: str | None) -> DeployedFunction:
    """Return the deployed function *name*, or refuse."""
    cloud.require_namespace(namespace)
    function = cloud.deployments.functions.get(name)
    if function is None:
        raise ApiError("ResourceNotFound.FunctionName", f"Function {name} does not exist.")
    return function
