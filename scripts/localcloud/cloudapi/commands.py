"""RunCommands: native MongoDB commands, several in one call, in order and not atomic."""

from typing import Any, Literal

from pydantic import Field

from localcloud.cloudapi import ejson
from localcloud.cloudapi.cloud import Cloud, Target
from localcloud.cloudapi.errors import ApiError
from localcloud.cloudapi.params import Parameters, parse

_KINDS = {
    "find": {"QUERY"},
    "aggregate": {"QUERY", "COMMAND"},
    "count": {"QUERY", "COMMAND"},
    "distinct": {"QUERY", "COMMAND"},
    "insert": {"INSERT"},
    "update": {"UPDATE"},
    "findAndModify": {"UPDATE"},
    "findandmodify": {"UPDATE"},
    "delete": {"DELETE"},
}
"""The truthful CommandTypes of each command, by which the platform books quota; any other is a COMMAND."""


class MgoCommand(Parameters):
    """One native command as Extended JSON text."""

    TableName: str = Field(min_length=1)
    CommandType: Literal["UPDATE", "QUERY", "INSERT", "DELETE", "COMMAND"]
    Command: str


class RunCommandsRequest(Target):
    """A list of commands for one database."""

    MgoCommands: list[MgoCommand] = Field(min_length=1)


def run_commands(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Run the commands up to the first that fails; what ran before it stays done."""
    request = parse(RunCommandsRequest, body)
    database = cloud.database(request)
    data = []
    room = cloud.limits.result_bytes
    for native in [_native(command) for command in request.MgoCommands]:
        data.append(ejson.dumps_items(cloud.engine.run(database, native)))
        room -= len(data[-1])
        if room < 0:
            raise ApiError(
                "LimitExceeded.OutOfResultSizeLimit",
                f"The result is larger than {cloud.limits.result_bytes} bytes.",
            )
    return {"Data": data}


def _native(command: MgoCommand) -> dict[str, Any]:
    try:
        native = ejson.loads(command.Command)
    except ValueError as error:
        raise ApiError("InvalidParameterValue", f"Command is not Extended JSON: {error}.") from error
    if not isinstance(native, dict) or not native:
        raise ApiError("InvalidParameterValue", "Command is not a MongoDB command.")
    name, table = next(iter(native.items()))
    if command.CommandType not in _KINDS.get(name, {"COMMAND"}):
        raise ApiError(
            "InvalidParameterValue", f"CommandType {command.CommandType} does not fit the command {name}."
        )
    if table != command.TableName:
        raise ApiError(
            "InvalidParameterValue", f"TableName {command.TableName} is not the command's: {table}."
        )
    return native


ACTIONS = {"RunCommands": run_commands}
