"""Members who asked to be erased since a backup was made: what a restore brings back of them is erased again.

Their wishes are read before anything is restored. Who was erased is known by her wish alone, which the books
keep under her alias: the alias is made of her id and the instant of the wish, by a secret key. Her account
comes back with the wish in it, in one write, so a restore that died anywhere still finds it; the task that
carries it out is stored before that. A wish that was taken back since does not come back.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dataio.restoring import Care, live, stored
from gardenshop.cloud.database import PAGE, Command, Database, Document, Filter, find, put
from gardenshop.cloud.ejson import encode_bytes
from gardenshop.cloud.errors import Internal
from gardenshop.flows import outbox
from gardenshop.flows.backups import Archive, Damaged
from gardenshop.flows.erasure import alias_of
from gardenshop.models.backup import Manifest
from gardenshop.rules.privacy import PERSONAL

USERS = "users"


class Wish(NamedTuple):
    """What an account that a backup holds asked for since, and whose it is."""

    openid: str
    erasure: Document


class Wishes(NamedTuple):
    """The wishes that stand, by member, and the members who took theirs back.

    What a former restore *brought back* of who had been erased is not kept aside by another; nor are tasks
    that erase, which are stored anew. *practices* are those members as practitioners.
    """

    standing: Mapping[str, Wish]
    revoked: frozenset[str] = frozenset()
    brought_back: frozenset[str] = frozenset()
    practices: frozenset[str] = frozenset()

    @property
    def erased(self) -> int:
        """How many had been erased."""
        return sum(1 for wish in self.standing.values() if wish.erasure.get("again"))

    def care(self, collection: str) -> Care:
        """Return what is minded about the documents of *collection*."""
        return Care(self._amended, self._keeps) if collection == USERS else Care(keeps=self._keeps)

    def _amended(self, document: Document) -> Document:
        if document["_id"] in self.standing:
            return {**document, "erasure": self.standing[document["_id"]].erasure}
        if document["_id"] in self.revoked:
            return {name: value for name, value in document.items() if name != "erasure"}
        return document

    def _keeps(self, document: Document) -> bool:
        if document.get("topic") == outbox.ERASE or document.get("practitionerId") in self.practices:
            return False
        text = encode_bytes(document) if self.brought_back else b""
        return not any(user_id.encode() in text for user_id in self.brought_back)

    def tasks(self, now: int) -> list[Command]:
        """Return the writes of the tasks that carry them out when they are due."""
        return [_task(user_id, wish, now) for user_id, wish in self.standing.items()]


def wishes(
    db: Database, archive: Archive, manifest: Manifest, names: Sequence[str], *, key: str | None
) -> Wishes:
    """Return what members asked for since the backup, as far as *names* are to be restored.

    Raises:
        Damaged: who was erased cannot be told by *key*, or would come back without an account.
    """
    if not PERSONAL.intersection(names):
        return Wishes({})
    asked, graves = _asked(db)
    standing, doubted, known = dict[str, Wish](), list[str](), set[str]()
    for account in stored(archive, manifest, USERS):
        known.add(account["_id"])
        erasure = _proved(account, graves, key) or asked.get(account["_id"])
        if erasure and "openid" in account:
            known.add(erasure["alias"])
            standing[account["_id"]] = Wish(account["openid"], erasure)
        elif "erasure" in account and "openid" in account:
            doubted.append(account["_id"])
    old = {each["_id"] for born, found in graves.items() if born < manifest.started_at for each in found}
    if old - known:
        raise Damaged(f"{len(old - known)} members were erased since by another PHONE_HASH_KEY than this.")
    if USERS not in names and any(wish.erasure.get("again") for wish in standing.values()):
        raise Damaged("Members were erased since: restore users, too.")
    brought_back = [user_id for user_id, erasure in asked.items() if erasure.get("again")]
    found = _of(db, "practitioners", {}, "userId", brought_back)
    revoked = _of(db, USERS, {"erasure": {"$exists": False}}, "_id", doubted)
    return Wishes(standing, revoked, frozenset(brought_back), found)


def _asked(db: Database) -> tuple[dict[str, Document], dict[int, list[Document]]]:
    """Return the wishes of live accounts, by member, and what is kept of who was erased, by its age."""
    asked, graves = dict[str, Document](), defaultdict[int, list[Document]](list)
    for account in live(db, USERS):
        if account["_id"] == account.get("erasure", {}).get("alias"):
            graves[account["createdAt"]].append(account)
        elif "erasure" in account:
            asked[account["_id"]] = account["erasure"]
    return asked, graves


def _proved(account: Document, graves: Mapping[int, list[Document]], key: str | None) -> Document | None:
    """Return the wish of what is kept of *account*, if it was erased. Raises Damaged without its *key*."""
    for grave in graves.get(account["createdAt"], ()):
        try:
            alias = alias_of(account["_id"], key or "", grave["erasure"]["askedAt"])
        except Internal:
            raise Damaged("Members were erased since: PHONE_HASH_KEY is needed to know them.") from None
        if alias == grave["_id"]:
            return {**grave["erasure"], "again": True}
    return None


def _of(db: Database, collection: str, where: Filter, owner: str, user_ids: Sequence[str]) -> frozenset[str]:
    """Return the ids of the documents of *collection* that match *where* and are of *user_ids* by *owner*."""
    found = set[str]()
    for place in range(0, len(user_ids), PAGE):
        theirs = {**where, owner: {"$in": list(user_ids[place : place + PAGE])}}
        (documents,) = db.read(find(collection, theirs, fields=("createdAt",)))
        found.update(each["_id"] for each in documents)
    return frozenset(found)


def _task(user_id: str, wish: Wish, now: int) -> Command:
    payload = {"userId": user_id, "openid": wish.openid}
    task = outbox.task(outbox.ERASE, wish.erasure["alias"], payload=payload, at=now, seq=now)
    return put("sync_tasks", task | {"dueAt": wish.erasure["dueAt"]})
