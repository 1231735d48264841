"""Who may look at the dashboard: a code that is entered once becomes a session.

A code is made for an operator where she is known already, and lasts ten minutes: by the command line, or by
herself in the mini-program, `CODES` a day. Its first letters find its document in `data_dashboard`, the rest
proves that it is hers; every try is counted there before it is judged, and after `TRIES` the code is dead.
Who does not know a code's first letters finds nothing to try, so nobody can be locked out by others.

A session is a signed token that names that document: it ends after `SESSION_LASTS`, by leaving, which the
document remembers, and with the role, which is looked up together with whatever is asked for. A decision
takes the seal of the session, too, which the page alone knows; no session makes more than `DECISIONS`.
"""

import hashlib
import secrets
from collections.abc import Mapping
from typing import NamedTuple

from gardenshop.cloud import signing
from gardenshop.cloud.clock import DAY, HOUR, MINUTE, day_of
from gardenshop.cloud.context import Context
from gardenshop.cloud.database import Command, Database, Document, Filter, find, get, put, update
from gardenshop.cloud.errors import CodeRefused, CoolingDown, Forbidden, SignedOut
from gardenshop.cloud.roles import roles_for
from gardenshop.flows import daily_tries

COLLECTION = "data_dashboard"
SETTING = "BOARD_KEYS"
ROLES = roles_for("admin_data", "signin")
"""Who may make herself a code may look."""
CODES = 10
CODE_LASTS = 10 * MINUTE
SESSION_LASTS = 8 * HOUR
TRIES = 5
DECISIONS = 500
"""How often a session may ask for something to be decided."""

_KIND = "signin"
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_HANDLE, _LENGTH = 4, 12
_PARTS = 3
"""Document, member, end."""
_SEAL = "decides"


class Session(NamedTuple):
    """A sign-in and whose it is; it ends by itself at `until`."""

    signin_id: str
    user_id: str
    until: int


def issue(user_id: str, now: int) -> tuple[str, Command]:
    """Return a new code for *user_id* and the write that makes it valid."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    handle, day = code[:_HANDLE], day_of(now)
    metrics = {
        "userId": user_id,
        "digest": _digest(code),
        "until": now + CODE_LASTS,
        "tries": 0,
        "left": False,
    }
    stamps = {"final": False, "schemaVersion": 1, "createdAt": now, "updatedAt": now}
    document = {"kind": _KIND, "day": day, "dimension": handle, "metrics": metrics, "inputs": {}, **stamps}
    return "-".join((code[:4], code[4:8], code[8:])), put(COLLECTION, {"_id": _id(day, handle), **document})


def count_code(db: Database, user_id: str, now: int) -> None:
    """Count a code that *user_id* makes herself. Raises DailyLimit after `CODES` of a day."""
    daily_tries.count(
        db, "signin_codes", user_id, now, most=CODES, text="今日获取登录码的次数已达上限，请明天再来"
    )


def enter(db: Database, code: str, now: int) -> Session:
    """Spend *code*. Raises CodeRefused when it is wrong, spent, over, or was tried too often.

    Two who enter it at once are one session; where the reply is lost another code is needed.
    """
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    handle = plain[:_HANDLE]
    where = {"_id": {"$in": [_id(day_of(now), handle), _id(day_of(now - DAY), handle)]}, "final": False}
    alive = {**where, "metrics.until": {"$gt": now}, "metrics.tries": {"$lt": TRIES}}
    (tried,) = db.write(update(COLLECTION, alive, {"$inc": {"metrics.tries": 1}, "$set": {"updatedAt": now}}))
    if not tried.happened:
        raise CodeRefused
    right = {**where, "metrics.digest": _digest(plain)}
    (spent,) = db.write(update(COLLECTION, right, {"$set": {"final": True, "updatedAt": now}}))
    if not spent.happened:
        raise CodeRefused
    signin = db.one(find(COLLECTION, {"_id": where["_id"], "metrics.digest": _digest(plain)}, limit=1))
    if signin is None:
        raise CodeRefused
    return Session(signin["_id"], signin["metrics"]["userId"], now + SESSION_LASTS)


def token_of(session: Session, environ: Mapping[str, str]) -> str:
    """Return the token that names *session* to its owner's browser."""
    return signing.sign(session, setting=SETTING, environ=environ)


def session_of(token: str, environ: Mapping[str, str], now: int) -> Session:
    """Return the session that *token* names. Raises SignedOut for none, or one that is over."""
    parts = signing.parts_of(token, setting=SETTING, environ=environ) if token else None
    if parts is None or len(parts) != _PARTS or int(parts[2]) <= now:
        raise SignedOut
    return Session(parts[0], parts[1], int(parts[2]))


def seal_of(session: Session, environ: Mapping[str, str]) -> str:
    """Return what the page of *session* sends with a decision, which no cookie brings along."""
    return signing.sign((_SEAL, session.signin_id), setting=SETTING, environ=environ)


def demand_seal(session: Session, seal: str, environ: Mapping[str, str]) -> None:
    """Raise Forbidden unless *seal* is that of *session*."""
    if signing.parts_of(seal, setting=SETTING, environ=environ) != [_SEAL, session.signin_id]:
        raise Forbidden


def standing(session: Session) -> tuple[Command, Command]:
    """Return the reads that `demand` needs, to be sent with others."""
    return (
        get("users", session.user_id, fields=("roles", "status", "nickname")),
        get(COLLECTION, session.signin_id, fields=("metrics.left",)),
    )


def demand(users: list[Document], signins: list[Document]) -> Document:
    """Return who it is. Raises SignedOut when the session was left, Forbidden when the role is gone."""
    if not signins or signins[0]["metrics"]["left"]:
        raise SignedOut
    if not users or not may_look(users[0]):
        raise Forbidden
    return users[0]


def may_look(user: Document) -> bool:
    """Say whether *user* has a role that the dashboard is for."""
    return user.get("status", "active") == "active" and any(role in ROLES for role in user.get("roles", ()))


def acting(ctx: Context, session: Session, role: str | None) -> Context:
    """Count a decision of *session* and return *ctx* as that of its operator, who decides by *role*.

    Raises Forbidden without a role, CoolingDown when the session has asked too often.
    """
    if not role:
        raise Forbidden
    within = {"metrics.left": False, "metrics.decided": {"$not": {"$gte": DECISIONS}}}
    once = {"$inc": {"metrics.decided": 1}, "$set": {"updatedAt": ctx.now}}
    (counted,) = ctx.db.write(update(COLLECTION, {"_id": session.signin_id, **within}, once))
    if not counted.happened:
        raise CoolingDown("操作过于频繁，请重新登录后再试")
    return ctx._replace(caller=ctx.caller._replace(user_id=session.user_id), role=role)


def leave(session: Session, now: int) -> Command:
    """Return the write that ends *session* for every copy of its token."""
    return update(COLLECTION, {"_id": session.signin_id}, {"$set": {"metrics.left": True, "updatedAt": now}})


def over(now: int) -> Filter:
    """Return the filter of sign-ins that are over, within a day of their codes."""
    return {"kind": _KIND, "day": {"$lt": day_of(now - DAY)}}


def _id(day: str, handle: str) -> str:
    return f"{_KIND}:{day}:{handle}"


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
