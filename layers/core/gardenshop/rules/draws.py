"""A number drawn for a member by a hash: the same at every call, and stored nowhere."""

import hashlib

from gardenshop.rules.money import FULL_BP


def draw(name: str, user_id: str) -> int:
    """Return a number below 10,000 that depends on both texts alone, and on each evenly."""
    digest = hashlib.sha256(f"{name}:{user_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % FULL_BP
