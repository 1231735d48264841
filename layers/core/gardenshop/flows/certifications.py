"""The badges of a product: the approved certifications, projected in the order in which they changed.

Each state of a certification is a version. The product takes a version in by one operation under a key
made of it, and `projected` then says so. No certification leaves a version that is not projected: whoever
wants to change it projects it first. So of one certification no older badge can come after a newer state, and
what was broken off is ended by the next call.
"""

from collections.abc import Mapping
from typing import Any

from gardenshop.cloud.database import Command, Database, Document, update
from gardenshop.cloud.errors import Busy
from gardenshop.flows.balances import Operation, perform


def project(db: Database, certification: Document, name: str, now: int) -> Document:
    """Let the product show the state of *certification* by the practitioner *name*; return it as projected.

    Raises Busy when the product's ring can no longer tell whether it does.
    """
    version = certification.get("version", 0)
    if certification.get("projected", 0) == version:
        return certification
    operation = _showing(certification, name)
    outcome = perform(db, [operation], now)
    if outcome.unknown:
        raise Busy
    where = {"_id": certification["_id"], "version": version}
    db.write(update("practitioner_certifications", where, {"$set": {"projected": version}}))
    return {**certification, "projected": version}


def change(certification: Document, fields: Mapping[str, Any], now: int) -> Command:
    """Return the guarded write that gives a projected *certification* its next state."""
    version = certification.get("version", 0)
    if version:
        where = {"_id": certification["_id"], "version": version, "projected": version}
    else:
        where = {"_id": certification["_id"], "version": {"$in": [None, 0]}}
    operators = {"$set": {**fields, "updatedAt": now}, "$inc": {"version": 1}}
    return update("practitioner_certifications", where, operators)


def _showing(certification: Document, name: str) -> Operation:
    key = certification["_id"]
    gone = {"$pull": {"certifications": {"certificationId": key}}}
    shown = {"$push": {"certifications": _badge(certification, name)}}
    approved = certification["state"] == "approved"
    return Operation(
        key=f"certify:{key}:{certification['version']}",
        balance="products",
        target=certification["target"],
        guard={"certifications.certificationId": {"$ne": key}} if approved else {},
        change=shown if approved else gone,
        started=certification["updatedAt"],
    )


def _badge(certification: Document, name: str) -> Document:
    badge = {
        "certificationId": certification["_id"],
        "practitionerId": certification["practitionerId"],
        "name": name,
        "level": certification["level"],
    }
    return badge | ({"until": certification["until"]} if "until" in certification else {})
