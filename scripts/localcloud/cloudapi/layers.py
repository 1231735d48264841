"""Layers and their versions. A deleted version goes on serving the functions that are bound to it."""

from typing import Any

from pydantic import Field

from localcloud.cloudapi import function_limits
from localcloud.cloudapi.cloud import Cloud, time_text
from localcloud.cloudapi.code import Code, package
from localcloud.cloudapi.errors import ApiError
from localcloud.cloudapi.params import Parameters, parse
from localcloud.deployed import LayerRef, LayerVersion


class LayerVersionSimple(Parameters):
    """One version of a layer; whether it lists a function's runtime is not asked, as is the belief."""

    LayerName: str
    LayerVersion: int


class PublishLayerVersionRequest(Parameters):
    """A new version of a layer, its first one too."""

    LayerName: function_limits.LayerName
    CompatibleRuntimes: function_limits.CompatibleRuntimes
    Content: Code
    Description: str = Field(default="", max_length=1024)
    LicenseInfo: str = ""
    Src: str | None = None


class ListLayersRequest(Parameters):
    """A part of the list of layers."""

    CompatibleRuntime: str | None = None
    SearchKey: str = ""
    Offset: int = Field(default=0, ge=0)
    Limit: int = Field(default=20, ge=1, le=200)


class ListLayerVersionsRequest(Parameters):
    """The versions of a layer, or those that list a runtime."""

    LayerName: str
    CompatibleRuntime: list[str] | None = None


def publish_layer_version(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Publish a version; numbers of deleted ones are not given again."""
    request = parse(PublishLayerVersionRequest, body)
    former = cloud.deployments.layer_versions(request.LayerName)
    _check_room(cloud, former)
    content = package(cloud, request.Content, refusal="InvalidParameterValue.Content")
    version = LayerVersion(
        name=request.LayerName,
        version=former[0].version + 1 if former else 1,
        runtimes=tuple(request.CompatibleRuntimes),
        description=request.Description,
        license=request.LicenseInfo,
        code=content.digest,
        size=content.size,
        added_at=cloud.now(),
    )
    cloud.deployments.keep_layer(version)
    return {"LayerVersion": version.version}


def list_layers(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Return one page of the layers, each by its newest version."""
    request = parse(ListLayersRequest, body)
    newest = [
        one
        for one in _newest(cloud)
        if request.SearchKey in one.name and request.CompatibleRuntime in (None, *one.runtimes)
    ]
    page = newest[request.Offset : request.Offset + request.Limit]
    return {"Layers": [describe_layer(one) for one in page], "TotalCount": len(newest)}


def list_layer_versions(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Return the versions of a layer, the newest first."""
    request = parse(ListLayerVersionsRequest, body)
    wanted = set(request.CompatibleRuntime or ())
    found = [
        one
        for one in cloud.deployments.layer_versions(request.LayerName)
        if not one.deleted and (not wanted or wanted & set(one.runtimes))
    ]
    return {"LayerVersions": [describe_layer(one) for one in found]}


def get_layer_version(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Describe one version, with the digest of its zip; it cannot be downloaded here."""
    version = _required(cloud, parse(LayerVersionSimple, body))
    return {**describe_layer(version), "CodeSha256": version.code, "Location": ""}


def delete_layer_version(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Take one version off the list."""
    version = _required(cloud, parse(LayerVersionSimple, body))
    cloud.deployments.keep_layer(version.model_copy(update={"deleted": True}))
    return {}


def bound(cloud: Cloud, layer: LayerVersionSimple) -> LayerRef:
    """Return *layer* as a function is bound to it."""
    version = _required(cloud, layer)
    return LayerRef(name=version.name, version=version.version)


def describe_layer(version: LayerVersion) -> dict[str, Any]:
    """Return a version as the API shows it."""
    return {
        "LayerName": version.name,
        "LayerVersion": version.version,
        "CompatibleRuntimes": list(version.runtimes),
        "Description": version.description,
        "LicenseInfo": version.license,
        "AddTime": time_text(version.added_at),
        "Status": "Active",
        "Stamp": "",
        "Tags": [],
    }


def _required(cloud: Cloud, layer: LayerVersionSimple) -> LayerVersion:
    version = cloud.deployments.layer(layer.LayerName, layer.LayerVersion)
    if version is None or version.deleted:
        raise ApiError(
            "ResourceNotFound.LayerVersion", f"{layer.LayerName} has no version {layer.LayerVersion}."
        )
    return version


def _newest(cloud: Cloud) -> list[LayerVersion]:
    newest: dict[str, LayerVersion] = {}
    for one in cloud.deployments.layers.all():
        if not one.deleted and (one.name not in newest or newest[one.name].version < one.version):
            newest[one.name] = one
    return [newest[name] for name in sorted(newest)]


def _check_room(cloud: Cloud, former: list[LayerVersion]) -> None:
    live = [one for one in former if not one.deleted]
    if len(live) >= cloud.limits.layer_versions:
        raise ApiError(
            "LimitExceeded.LayerVersions", f"A layer has at most {cloud.limits.layer_versions} versions."
        )
    if not live and len(_newest(cloud)) >= cloud.limits.layers:
        raise ApiError("LimitExceeded.Layers", f"A region has at most {cloud.limits.layers} layers.")


ACTIONS = {
    "PublishLayerVersion": publish_layer_version,
    "ListLayers": list_layers,
    "ListLayerVersions": list_layer_versions,
    "GetLayerVersion": get_layer_version,
    "DeleteLayerVersion": delete_layer_version,
}
