"""A shop in memory for the tests of the flows."""

from collections.abc import Iterator

import pytest

from gardenshop.cloud.database import Database
from harness import PHONE_KEY, Shop, open_shop


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop with collections and no documents."""
    monkeypatch.setenv("PHONE_HASH_KEY", PHONE_KEY)
    with open_shop() as opened:
        yield opened


@pytest.fixture
def db(shop: Shop) -> Database:
    """The database as one invocation sees it."""
    return Database(shop.adapter)
