"""Where the journey is played: calls over HTTP, and what each of them changed in the database."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any, NamedTuple, Protocol

import httpx

from dataio.cloudapi import Access, CloudApi
from gardenshop.cloud.database import PAGE, Document, find
from gardenshop.models.registry import COLLECTIONS
from localcloud.credentials import Credentials

TIMEOUT = 30.0


class Surprise(Exception):
    """The journey took a turn that it must not take; the message says where and how."""


class Cloud(Protocol):
    """What the stage needs of the local CloudBase."""

    env: str
    credentials: Credentials

    @property
    def url(self) -> str:
        """Where it listens."""


class Actor(NamedTuple):
    """Who calls: a member with an openid, or the platform."""

    name: str
    openid: str = ""
    kind: str = "member"

    @property
    def headers(self) -> dict[str, str]:
        """How the local gateway is told who calls."""
        return {"X-Local-Openid": self.openid} if self.openid else {"X-Local-Caller": self.kind}


@dataclass(frozen=True)
class Step:
    """One step: who called what, the reply, and the changes by collection, such as ``+1 ~2``."""

    number: int
    title: str
    actor: str
    call: str
    event: Any
    reply: Any
    note: str
    changes: dict[str, str]


class Stage:
    """Plays steps and tells *audience* about each."""

    def __init__(self, cloud: Cloud, audience: Callable[[Step], None]) -> None:
        keys = cloud.credentials
        self.api = CloudApi(Access(cloud.url, cloud.env, keys.secret_id, keys.secret_key))
        self.origin = cloud.url
        self._http = httpx.Client(base_url=cloud.url, timeout=TIMEOUT, trust_env=False)
        self._audience = audience
        self._seen = self._versions()
        self.steps: list[Step] = []

    def call(
        self,
        title: str,
        actor: Actor,
        function: str,
        event: Any = None,
        *,
        note: Callable[[Document], str] = lambda _: "",
        error: str | None = None,
    ) -> Document:
        """Let *actor* call *function*; return the reply's data.

        Raises Surprise when the reply is not a success, or not the refusal *error*.
        """
        reply = self.post(f"/functions/{function}", event, actor)
        self._expect(title, reply, error)
        data: Document = reply.get("data") or reply
        self.tell(title, actor, function, event=event, reply=reply, note=note(data))
        return data

    def post(self, path: str, body: Any, actor: Actor) -> Any:
        """Post *body* to *path* and return the JSON reply. Raises Surprise when there is none."""
        response = self._http.post(path, json=body or {}, headers=actor.headers)
        try:
            return response.json()
        except ValueError:
            raise Surprise(f"POST {path}: HTTP {response.status_code} {response.text[:200]}") from None

    def browse(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send what a browser would, and return the response."""
        return self._http.request(method, path, **options)

    def tell(
        self, title: str, actor: Actor, call: str, *, event: Any = None, reply: Any = None, note: str = ""
    ) -> None:
        """Add a step to the story, with what has changed since the last one."""
        step = Step(len(self.steps) + 1, title, actor.name, call, event or {}, reply, note, self._changes())
        self.steps.append(step)
        self._audience(step)

    def documents(self, collection: str) -> list[Document]:
        """Return all documents of *collection*."""
        found: list[Document] = []
        while True:
            last = found[-1]["_id"] if found else ""
            (page,) = self.api.run([find(collection, {"_id": {"$gt": last}}, sort={"_id": 1}, limit=PAGE)])
            found += page
            if len(page) < PAGE:
                return found

    def one(self, collection: str, key: str) -> Document:
        """Return the document *key*."""
        ((document,),) = self.api.run([find(collection, {"_id": key}, limit=1)])
        return document

    def expect(self, what: str, *, holds: bool) -> None:
        """Raise Surprise unless *what* holds."""
        if not holds:
            raise Surprise(what)

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def _expect(self, title: str, reply: Any, error: str | None) -> None:
        if not isinstance(reply, dict) or reply.get("error") != error:
            raise Surprise(f"{title}: expected {error or 'success'}, got {str(reply)[:300]}")

    def _versions(self) -> dict[str, dict[str, int]]:
        """Return when each document was last changed, by collection and id."""
        names = list(COLLECTIONS)
        replies = self.api.run([find(name, {}, fields=("updatedAt",)) for name in names])
        return {
            name: {document["_id"]: document.get("updatedAt", 0) for document in documents}
            for name, documents in zip(names, replies, strict=True)
        }

    def _changes(self) -> dict[str, str]:
        now, before = self._versions(), self._seen
        self._seen = now
        told = ((name, _difference(before[name], now[name])) for name in now)
        return {name: text for name, text in told if text}


def _difference(before: dict[str, int], now: dict[str, int]) -> str:
    added = len(now.keys() - before.keys())
    removed = len(before.keys() - now.keys())
    changed = sum(before[key] != now[key] for key in before.keys() & now.keys())
    parts = (("+", added), ("~", changed), ("-", removed))
    return " ".join(f"{sign}{count}" for sign, count in parts if count)


def timer_at(instant: int) -> Document:
    """Return the event of a timer that runs at *instant*."""
    moment = datetime.fromtimestamp(instant / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"Type": "Timer", "TriggerName": "demo", "Time": moment}


def as_json(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return *steps* for programs."""
    return [asdict(step) for step in steps]
