"""The actions on documents: each becomes one native command, answered in the words of the SDKs."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from localcloud.admin.refusals import Refused
from localcloud.clock import Clock
from localcloud.cloudapi import Cloud, ejson
from localcloud.engine import EngineError

_MOST = 1000
_SERVER_DATE = "$tcb_server_date"
Reply = dict[str, Any]


class _Asked(BaseModel):
    """What every action on documents says; the rest of the body is the caller's environment."""

    model_config = ConfigDict(strict=True, frozen=True)

    collection: str = Field(alias="collectionName", min_length=1)
    transaction: str | None = Field(default=None, alias="transactionId")


class _Where(_Asked):
    """Documents by a query, or one by its id."""

    kind: Literal["WHERE", "DOC"] = Field(default="WHERE", alias="queryType")
    query: str = "{}"
    multi: bool = False


class _Get(_Where):
    projection: str = "{}"
    order: str | list[dict[str, str]] = "{}"
    offset: int = Field(default=0, ge=0)
    limit: int = Field(default=100, ge=0, le=_MOST)


class _Insert(_Asked):
    data: list[str] = Field(min_length=1)


class _Modify(_Where):
    data: str
    merge: bool = True
    upsert: bool = False


class _Stage(BaseModel):
    key: str = Field(alias="stageKey")
    value: str = Field(alias="stageValue")


class _Aggregate(_Asked):
    stages: list[_Stage]


class Documents:
    """The documents of one environment, as functions in Node see them."""

    def __init__(self, cloud: Cloud, clock: Clock) -> None:
        self._cloud = cloud
        self._clock = clock
        self.actions: Mapping[str, Callable[[Reply], Reply]] = {
            "database.addCollection": self._add_collection,
            "database.getDocument": self._get,
            "database.calculateDocument": self._count,
            "database.insertDocument": self._insert,
            "database.modifyDocument": self._modify,
            "database.removeDocument": self._remove,
            "database.aggregateDocuments": self._aggregate,
        }

    def _add_collection(self, body: Reply) -> Reply:
        self._cloud.engine.create_collection(self._cloud.env, _read(_Asked, body).collection)
        return {}

    def _get(self, body: Reply) -> Reply:
        asked = _read(_Get, body)
        query = self._value(asked.query)
        command = {
            "find": asked.collection,
            "filter": query,
            "projection": self._value(asked.projection),
            "sort": self._value(asked.order) if isinstance(asked.order, str) else _sort(asked.order),
            "skip": asked.offset,
            "limit": 1 if asked.kind == "DOC" else asked.limit,
        }
        found = self._run(asked, command) if command["limit"] else []
        texts = [ejson.dumps(each) for each in found]
        return {"list": texts, "offset": asked.offset, "limit": asked.limit}

    def _count(self, body: Reply) -> Reply:
        asked = _read(_Where, body)
        (reply,) = self._run(asked, {"count": asked.collection, "query": self._value(asked.query)})
        return {"total": reply["n"]}

    def _insert(self, body: Reply) -> Reply:
        asked = _read(_Insert, body)
        documents = [{"_id": uuid4().hex, **self._value(text)} for text in asked.data]
        self._run(asked, {"insert": asked.collection, "documents": documents})
        return {"insertedIds": [each["_id"] for each in documents]}

    def _modify(self, body: Reply) -> Reply:
        asked = _read(_Modify, body)
        query, data = self._value(asked.query), self._value(asked.data)
        new = {"_id": query.get("_id"), **data} if not asked.merge and "_id" in query else data
        one = {"q": query, "u": new, "multi": asked.multi and asked.merge, "upsert": asked.upsert}
        (reply,) = self._run(asked, {"update": asked.collection, "updates": [one]})
        upserted = [each["_id"] for each in reply.get("upserted", ())]
        return {"updated": reply.get("nModified", 0), "upsert_id": upserted[0] if upserted else None}

    def _remove(self, body: Reply) -> Reply:
        asked = _read(_Where, body)
        one = {"q": self._value(asked.query), "limit": 0 if asked.multi else 1}
        (reply,) = self._run(asked, {"delete": asked.collection, "deletes": [one]})
        return {"deleted": reply["n"]}

    def _aggregate(self, body: Reply) -> Reply:
        asked = _read(_Aggregate, body)
        stages = [{stage.key: self._value(stage.value)} for stage in asked.stages]
        found = self._run(asked, {"aggregate": asked.collection, "pipeline": stages, "cursor": {}})
        return {"list": [ejson.dumps(each) for each in found]}

    def _run(self, asked: _Asked, command: Reply) -> list[Reply]:
        if asked.transaction is not None:
            raise Refused("DATABASE_REQUEST_FAILED", "Transactions are not supported by the local CloudBase.")
        if asked.collection not in self._cloud.engine.list_collections(self._cloud.env):
            raise Refused("DATABASE_COLLECTION_NOT_EXIST", f"Db or Table not exist: {asked.collection}.")
        replies = self._cloud.engine.run(self._cloud.env, command)
        for reply in replies:
            for failed in reply.get("writeErrors", ()):
                raise EngineError(failed["code"], "WriteError", failed["errmsg"])
        return replies

    def _value(self, text: str) -> Any:
        """Return the value of an Extended JSON *text*, with the server's time where it is asked for."""
        try:
            return self._dated(ejson.loads(text))
        except ValueError as error:
            raise Refused("INVALID_PARAM", f"Not Extended JSON: {error}.") from error

    def _dated(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._dated(item) for item in value]
        if not isinstance(value, dict):
            return value
        if _SERVER_DATE in value:
            return self._server_date(value[_SERVER_DATE])
        return {key: self._dated(item) for key, item in value.items()}

    def _server_date(self, asked: Mapping[str, Any]) -> datetime:
        now = self._clock.utc() + timedelta(milliseconds=int(asked.get("offset", 0)))
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _read(model: Any, body: Reply) -> Any:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(map(str, first["loc"]))
        raise Refused("INVALID_PARAM", f"The parameter {name} is not accepted: {first['msg']}.") from error


def _sort(order: list[dict[str, str]]) -> dict[str, int]:
    return {each["field"]: -1 if each["direction"] == "desc" else 1 for each in order}
