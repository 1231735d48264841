"""The page's own doors: the functions with their schemas, the collections, the trips to the database."""

import json
import secrets
from pathlib import Path
from typing import Any

import anyio
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from localcloud.cloudapi import Cloud, ejson
from localcloud.devpage import schemas
from localcloud.engine import EngineError
from localcloud.functions import FunctionHost, ProjectError
from localcloud.traces import Traces

_PAGE = Path(__file__).with_name("page.html")
_NONCE = "{nonce}"
_MOST = 200
_EXACT = 2**53
"""Up to here a browser's numbers are exact."""

_POLICY = (
    "default-src 'none'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Find(BaseModel):
    """What to look up: *where* and *sort* are texts of Extended JSON."""

    model_config = ConfigDict(extra="forbid")

    collection: str = Field(min_length=1)
    where: str = "{}"
    sort: str = "{}"
    limit: int = Field(default=20, ge=1, le=_MOST)


class Door:
    """Answers the page."""

    def __init__(self, root: Path, cloud: Cloud, functions: FunctionHost, traces: Traces) -> None:
        self._root = root
        self._cloud = cloud
        self._host = functions
        self._traces = traces

    async def page(self, _: Request) -> Response:
        """Send the page; what it holds runs, and nothing that gets into it."""
        nonce = secrets.token_urlsafe(16)
        own = f"script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'"
        headers = {"Content-Security-Policy": f"{_POLICY}; {own}", "X-Content-Type-Options": "nosniff"}
        text = _PAGE.read_text("utf-8").replace(_NONCE, nonce)
        return HTMLResponse(text, headers={**headers, "Cache-Control": "no-store"})

    async def functions(self, _: Request) -> Response:
        """Tell the functions of cloudbaserc.json with what is known of their requests."""
        try:
            project = self._host.launcher.project()
        except ProjectError as error:
            return JSONResponse({"functions": [], "problem": str(error)})
        known, problem = await anyio.to_thread.run_sync(schemas.read, self._root)
        found = [
            {
                "name": each.name,
                "timers": [trigger.name for trigger in each.triggers],
                "path": each.path,
                **known.get(each.name, {}),
            }
            for each in project.functions
        ]
        return JSONResponse({"functions": found, "problem": problem})

    async def collections(self, _: Request) -> Response:
        """Tell the collections and how many documents each has."""
        names = sorted(self._cloud.engine.list_collections(self._cloud.env))
        counts = [self._run({"count": name, "query": {}})[0]["n"] for name in names]
        return JSONResponse([{"name": name, "count": n} for name, n in zip(names, counts, strict=True)])

    async def find(self, request: Request) -> Response:
        """Find documents; a wrong query is 400 with the reason."""
        try:
            wish = Find.model_validate_json(await request.body())
            where, sort = ejson.loads(wish.where or "{}"), ejson.loads(wish.sort or "{}")
            command = {"find": wish.collection, "filter": where, "sort": sort, "limit": wish.limit}
            found = self._run(command if sort else {**command, "sort": {"_id": 1}})
            (total,) = self._run({"count": wish.collection, "query": where})
        except (ValidationError, ValueError, EngineError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        documents = [json.loads(ejson.dumps(each), object_hook=_plain) for each in found]
        return JSONResponse({"documents": documents, "total": total["n"]})

    async def traces(self, request: Request) -> Response:
        """Tell the trips to the database, of one call or of all."""
        trips = self._traces.trips(request_id=request.query_params.get("request_id", ""))
        return JSONResponse([trip.to_json() for trip in trips])

    def _run(self, command: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = list(self._cloud.engine.run(self._cloud.env, command))
        return found


def _plain(value: dict[str, Any]) -> Any:
    """Return a number of Extended JSON as a plain one, where a browser can tell it."""
    for name, kind in (("$numberInt", int), ("$numberLong", int), ("$numberDouble", float)):
        if name in value:
            number = kind(value[name])
            return number if abs(number) <= _EXACT else value
    return value
