"""Functions: created, changed, described, deleted. They are Active at once; the platform takes seconds."""

from hashlib import sha256
from typing import Any, Literal

from pydantic import Field

from localcloud.cloudapi import code, function_limits
from localcloud.cloudapi.cloud import Cloud, time_text
from localcloud.cloudapi.errors import ApiError
from localcloud.cloudapi.function_request import FunctionRequest, required
from localcloud.cloudapi.layers import LayerVersionSimple, bound, describe_layer
from localcloud.cloudapi.params import Parameters, parse
from localcloud.cloudapi.timers import describe_timer
from localcloud.deployed import DeployedFunction, LayerRef

Flag = Literal["TRUE", "FALSE"]
_DEFAULT_VERSIONS = ("$LATEST", "$DEFAULT", None)


class Variable(Parameters):
    """One environment variable."""

    Key: str
    Value: str


class Variables(Parameters):
    """All environment variables: they replace those of before."""

    Variables: list[Variable]


class GetFunctionRequest(FunctionRequest):
    """One function or a version of it; its code is never shown here."""

    Qualifier: str | None = None
    ShowCode: Flag | None = None
    CodeSecret: str | None = None


class Configuration(Parameters):
    """What creating and updating have in common. Logging, roles and dependencies mean nothing here."""

    Description: str | None = Field(default=None, max_length=1000)
    Environment: Variables | None = None
    Layers: list[LayerVersionSimple] | None = Field(default=None)
    Namespace: str | None = None
    Role: str | None = None
    ClsLogsetId: str | None = None
    ClsTopicId: str | None = None
    InstallDependency: Flag | None = None
    L5Enable: Flag | None = None
    InitTimeout: int | None = None


class CreateFunctionRequest(Configuration):
    """A new function."""

    FunctionName: function_limits.FunctionName
    Code: code.Code
    Runtime: function_limits.Runtime
    Handler: function_limits.Handler = "index.main_handler"
    MemorySize: function_limits.MemorySize = 128
    Timeout: function_limits.Timeout = 3
    Type: Literal["Event"] = "Event"
    CodeSource: Literal["ZipFile", "Cos"] | None = None
    Stamp: str | None = None


class UpdateFunctionCodeRequest(FunctionRequest):
    """New code, and where it is entered."""

    Handler: function_limits.Handler | None = None
    ZipFile: str | None = None
    Code: code.Code | None = None
    CodeSource: Literal["ZipFile", "Cos"] | None = None
    InstallDependency: Flag | None = None
    EnvId: str | None = None


class UpdateFunctionConfigurationRequest(Configuration):
    """A new configuration; what is absent stays as it is."""

    FunctionName: str
    Runtime: function_limits.Runtime | None = None
    MemorySize: function_limits.MemorySize | None = None
    Timeout: function_limits.Timeout | None = None


class Page(Parameters):
    """A part of the list of functions."""

    Namespace: str | None = None
    SearchKey: str = ""
    Offset: int = Field(default=0, ge=0)
    Limit: int = Field(default=20, ge=1, le=100)


def create_function(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Create a function."""
    request = parse(CreateFunctionRequest, body)
    cloud.require_namespace(request.Namespace)
    functions = cloud.deployments.functions
    if functions.get(request.FunctionName):
        raise ApiError("ResourceInUse.FunctionName", f"Function {request.FunctionName} exists already.")
    if len(functions.all()) >= cloud.limits.functions:
        raise ApiError(
            "LimitExceeded.Function", f"A namespace has at most {cloud.limits.functions} functions."
        )
    changes = _configured(cloud, request)
    zipped = code.package(cloud, request.Code, refusal="InvalidParameterValue.Code")
    now = cloud.now()
    function = DeployedFunction(
        name=request.FunctionName,
        runtime=request.Runtime,
        handler=request.Handler,
        timeout=request.Timeout,
        memory_size=request.MemorySize,
        code=zipped.digest,
        code_size=zipped.size,
        added_at=now,
        modified_at=now,
        **{"description": "", "environment": {}, "layers": (), "role": "", **changes},
    )
    functions.put(function.name, function)
    return {}


def update_function_code(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Replace the code of a function."""
    request = parse(UpdateFunctionCodeRequest, body)
    function = required(cloud, request.FunctionName, request.Namespace)
    source = request.Code or code.Code(ZipFile=request.ZipFile)
    zipped = code.package(cloud, source, refusal="InvalidParameterValue.Code")
    _change(
        cloud,
        function,
        code=zipped.digest,
        code_size=zipped.size,
        handler=request.Handler or function.handler,
    )
    return {}


def update_function_configuration(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Change the configuration of a function; that its runtime cannot be changed is a belief."""
    request = parse(UpdateFunctionConfigurationRequest, body)
    function = required(cloud, request.FunctionName, request.Namespace)
    if request.Runtime not in (None, function.runtime):
        raise ApiError("InvalidParameterValue.Runtime", "The runtime of a function cannot be changed.")
    changes = _configured(cloud, request)
    if request.MemorySize is not None:
        changes["memory_size"] = request.MemorySize
    if request.Timeout is not None:
        changes["timeout"] = request.Timeout
    _change(cloud, function, **changes)
    return {}


def get_function(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Describe a function as it is, or one version of it."""
    request = parse(GetFunctionRequest, body)
    function = required(cloud, request.FunctionName, request.Namespace)
    if request.Qualifier not in _DEFAULT_VERSIONS:
        found = [
            one for one in cloud.deployments.versions(function.name) if str(one.version) == request.Qualifier
        ]
        if not found:
            raise ApiError(
                "ResourceNotFound.FunctionVersion", f"{function.name} has no version {request.Qualifier}."
            )
        function = found[0].function
    return {**_described(cloud, function), "FunctionVersion": request.Qualifier or "$LATEST"}


def list_functions(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Return one page of the functions, or of those whose name holds SearchKey."""
    request = parse(Page, body)
    cloud.require_namespace(request.Namespace)
    found = [one for one in cloud.deployments.functions.all() if request.SearchKey in one.name]
    page = found[request.Offset : request.Offset + request.Limit]
    return {"Functions": [_listed(cloud, one) for one in page], "TotalCount": len(found)}


def delete_function(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Delete a function with its triggers and versions; its HTTP routes stay and lead nowhere."""
    request = parse(FunctionRequest, body)
    function = required(cloud, request.FunctionName, request.Namespace)
    cloud.deployments.forget(function)
    return {}


def _configured(cloud: Cloud, request: Configuration) -> dict[str, Any]:
    """Return the fields of a record that *request* sets."""
    changes: dict[str, Any] = {}
    if request.Description is not None:
        changes["description"] = request.Description
    if request.Role is not None:
        changes["role"] = request.Role
    if request.Environment is not None:
        changes["environment"] = function_limits.environment(
            [(one.Key, one.Value) for one in request.Environment.Variables]
        )
    if request.Layers is not None:
        if len(request.Layers) > function_limits.MAX_LAYERS:
            raise ApiError(
                "InvalidParameterValue.Layers", f"A function has at most {function_limits.MAX_LAYERS} layers."
            )
        changes["layers"] = tuple(bound(cloud, layer) for layer in request.Layers)
    return changes


def _change(cloud: Cloud, function: DeployedFunction, **changes: Any) -> None:
    changed = function.model_copy(update={**changes, "modified_at": cloud.now()})
    cloud.deployments.functions.put(function.name, changed)


def _described(cloud: Cloud, function: DeployedFunction) -> dict[str, Any]:
    variables = [{"Key": key, "Value": value} for key, value in function.environment.items()]
    return {
        **_listed(cloud, function),
        "Handler": function.handler,
        "CodeSize": function.code_size,
        "CodeInfo": "",
        "CodeResult": "success",
        "CodeError": "",
        "ErrNo": 0,
        "Timeout": function.timeout,
        "MemorySize": function.memory_size,
        "Environment": {"Variables": variables},
        "Layers": [_layer(cloud, ref) for ref in function.layers],
        "Triggers": [describe_timer(timer) for timer in function.timers],
        "Role": function.role,
        "InstallDependency": "FALSE",
        "VpcConfig": {"VpcId": "", "SubnetId": ""},
        "AvailableStatus": "Available",
        "Qualifier": "$LATEST",
    }


def _layer(cloud: Cloud, ref: LayerRef) -> dict[str, Any]:
    version = cloud.deployments.layer(ref.name, ref.version)
    return describe_layer(version) if version else {}


def _listed(cloud: Cloud, function: DeployedFunction) -> dict[str, Any]:
    return {
        "FunctionName": function.name,
        "FunctionId": "lam-" + sha256(f"{cloud.env}/{function.name}".encode()).hexdigest()[:8],
        "Namespace": cloud.env,
        "Runtime": function.runtime,
        "Type": "Event",
        "Description": function.description,
        "Status": "Active",
        "StatusDesc": "",
        "StatusReasons": [],
        "Tags": [],
        "AddTime": time_text(function.added_at),
        "ModTime": time_text(function.modified_at),
    }


ACTIONS = {
    "CreateFunction": create_function,
    "UpdateFunctionCode": update_function_code,
    "UpdateFunctionConfiguration": update_function_configuration,
    "GetFunction": get_function,
    "ListFunctions": list_functions,
    "DeleteFunction": delete_function,
}
