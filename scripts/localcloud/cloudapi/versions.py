"""Versions of functions: kept as they were when they were published."""

from typing import Any

from pydantic import Field

from localcloud.cloudapi.cloud import Cloud, time_text
from localcloud.cloudapi.function_request import FunctionRequest, required
from localcloud.cloudapi.params import parse


class PublishVersionRequest(FunctionRequest):
    """The function as it is, to be kept under a number."""

    Description: str = ""


class VersionsRequest(FunctionRequest):
    """A part of the list of a function's versions."""

    Offset: int = Field(default=0, ge=0)
    Limit: int = Field(default=20, ge=1, le=100)


def publish_version(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Keep the function as it is under the next number."""
    request = parse(PublishVersionRequest, body)
    function = required(cloud, request.FunctionName, request.Namespace)
    published = cloud.deployments.publish(function, request.Description, cloud.now())
    return {
        "FunctionVersion": str(published.version),
        "CodeSize": function.code_size,
        "MemorySize": function.memory_size,
        "Description": published.description,
        "Handler": function.handler,
        "Timeout": function.timeout,
        "Runtime": function.runtime,
        "Namespace": cloud.env,
    }


def list_versions(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Return one page of a function's versions, $LATEST first."""
    request = parse(VersionsRequest, body)
    function = required(cloud, request.FunctionName, request.Namespace)
    rows = [_version("$LATEST", function.description, function.added_at, function.modified_at)]
    rows += [
        _version(str(one.version), one.description, one.at, one.at)
        for one in reversed(cloud.deployments.versions(function.name))
    ]
    page = rows[request.Offset : request.Offset + request.Limit]
    names = [row["Version"] for row in page]
    return {"FunctionVersion": names, "Versions": page, "TotalCount": len(rows)}


def _version(version: str, description: str, added_at: float, modified_at: float) -> dict[str, Any]:
    return {
        "Version": version,
        "Description": description,
        "AddTime": time_text(added_at),
        "ModTime": time_text(modified_at),
        "Status": "Active",
    }


ACTIONS = {"PublishVersion": publish_version, "ListVersionByFunction": list_versions}
