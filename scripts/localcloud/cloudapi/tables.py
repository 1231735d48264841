"""Collections and their indexes, which the API calls tables."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from localcloud.cloudapi import ejson
from localcloud.cloudapi.cloud import Cloud, Target
from localcloud.cloudapi.errors import ApiError
from localcloud.cloudapi.params import Parameters, parse
from localcloud.cloudapi.permissions import DEFAULT, Tag
from localcloud.cloudapi.rules import permission

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-][A-Za-z0-9_-]{0,95}$")]


class Grant(Parameters):
    """The permission of a new collection."""

    AclTag: Tag
    EnvId: str | None = None
    Rule: str | None = None


class TableRequest(Target):
    """One collection of a database."""

    TableName: Name


class CreateTableRequest(TableRequest):
    """A new collection."""

    PermissionInfo: Grant | None = None


class IndexKey(Parameters):
    """One field of an index; 2dsphere indexes exist on the platform, not here."""

    Name: Annotated[str, Field(min_length=1)]
    Direction: Literal["1", "-1"]


class KeySchema(Parameters):
    """The fields and the kind of an index."""

    MgoIndexKeys: Annotated[list[IndexKey], Field(min_length=1, max_length=31)]
    MgoIsUnique: bool = False
    MgoIsSparse: bool = False
    PartialFilterExpression: str | None = None


class NewIndex(Parameters):
    """An index to create."""

    IndexName: Annotated[str, Field(min_length=1)]
    MgoKeySchema: KeySchema


class OldIndex(Parameters):
    """An index to drop."""

    IndexName: str


class UpdateTableRequest(TableRequest):
    """Indexes to drop and to create, in this order."""

    DropIndexes: list[OldIndex] = Field(default_factory=list)
    CreateIndexes: list[NewIndex] = Field(default_factory=list)


class Page(Target):
    """A part of a list of collections."""

    MgoLimit: Annotated[int, Field(ge=0, le=1000)] = 100
    MgoOffset: Annotated[int, Field(ge=0)] = 0


class DescribeTablesRequest(Page):
    """All collections, or those named."""

    TableNames: list[str] = Field(default_factory=list)


class ListTablesRequest(Page):
    """All collections, or those whose name holds a text. No collection here is hidden or of another maker."""

    SearchValue: str = ""
    Filters: list[str] = Field(default_factory=list)
    ShowHidden: bool = False


def create_table(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Create a collection."""
    request = parse(CreateTableRequest, body)
    database = cloud.database(request)
    info = request.PermissionInfo
    granted = permission(info.AclTag, info.Rule) if info else DEFAULT
    if len(cloud.engine.list_collections(database)) >= cloud.limits.collections:
        raise ApiError(
            "LimitExceeded.OutOfTableQuota", f"An environment has at most {cloud.limits.collections} tables."
        )
    cloud.engine.create_collection(database, request.TableName)
    if database == cloud.env:
        cloud.permissions.set(request.TableName, granted)
    return {}


def delete_table(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Drop a collection with its documents and indexes."""
    request = parse(TableRequest, body)
    cloud.engine.drop_collection(cloud.database(request), request.TableName)
    return {}


def update_table(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Drop and create indexes up to the first that fails; what was done before it stays done."""
    request = parse(UpdateTableRequest, body)
    database, table = cloud.database(request), request.TableName
    for old in request.DropIndexes:
        cloud.engine.drop_index(database, table, old.IndexName)
    for new in request.CreateIndexes:
        _create_index(cloud, database, table, new)
    return {}


def describe_table(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Return the indexes of a collection."""
    request = parse(TableRequest, body)
    specs = cloud.engine.list_indexes(cloud.database(request), request.TableName)
    return {"Indexes": [_index(spec) for spec in specs], "IndexNum": len(specs)}


def describe_tables(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Return one page of the collections, or of those named that exist."""
    request = parse(DescribeTablesRequest, body)
    wanted = set(request.TableNames)
    return _page(cloud, request, lambda name: not wanted or name in wanted)


def list_tables(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Return one page of the collections, or of those whose name holds SearchValue."""
    request = parse(ListTablesRequest, body)
    return _page(cloud, request, lambda name: request.SearchValue in name)


def _create_index(cloud: Cloud, database: str, table: str, new: NewIndex) -> None:
    schema = new.MgoKeySchema
    if len(cloud.engine.list_indexes(database, table)) >= cloud.limits.indexes:
        raise ApiError(
            "LimitExceeded.OutOfIndexQuota", f"A table has at most {cloud.limits.indexes} indexes."
        )
    cloud.engine.create_index(
        database,
        table,
        new.IndexName,
        [(key.Name, int(key.Direction)) for key in schema.MgoIndexKeys],
        unique=schema.MgoIsUnique,
        sparse=schema.MgoIsSparse,
        partial=_partial(schema.PartialFilterExpression),
    )


def _index(spec: dict[str, Any]) -> dict[str, Any]:
    """Return an index as the API shows it, which leaves out whether it is sparse or partial."""
    return {
        "Name": spec["name"],
        "Keys": [{"Name": name, "Direction": str(direction)} for name, direction in spec["key"].items()],
        "Unique": spec.get("unique", spec["name"] == "_id_"),
    }


def _partial(text: str | None) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        expression = ejson.loads(text)
    except ValueError as error:
        raise ApiError("InvalidParameterValue", f"PartialFilterExpression is not JSON: {error}.") from error
    if not isinstance(expression, dict):
        raise ApiError("InvalidParameterValue", "PartialFilterExpression is not an object.")
    return expression


def _page(cloud: Cloud, request: Page, wanted: Callable[[str], bool]) -> dict[str, Any]:
    database = cloud.database(request)
    names = [name for name in cloud.engine.list_collections(database) if wanted(name)]
    page = names[request.MgoOffset : request.MgoOffset + request.MgoLimit]
    return {
        "Tables": [_table(cloud, database, name) for name in page],
        "Pager": {"Offset": request.MgoOffset, "Limit": request.MgoLimit, "Total": len(names)},
    }


def _table(cloud: Cloud, database: str, name: str) -> dict[str, Any]:
    (counted,) = cloud.engine.run(database, {"count": name})
    return {
        "TableName": name,
        "Count": counted["n"],
        "IndexCount": len(cloud.engine.list_indexes(database, name)),
    }


ACTIONS = {
    "CreateTable": create_table,
    "DeleteTable": delete_table,
    "UpdateTable": update_table,
    "DescribeTable": describe_table,
    "DescribeTables": describe_tables,
    "ListTables": list_tables,
}
