"""Applying definitions creates what is missing, reports what differs and drops nothing."""

import pytest

from dataio.cloudapi import ExistingIndex
from dataio.definitions import Definition, Index
from dataio.tables import apply, plan

BY_STATE = Index("state_dueAt", (("state", 1), ("dueAt", 1)))
BY_OPENID = Index("openid", (("openid", 1),), unique=True, sparse=True)
TASKS = Definition("sync_tasks", "The outbox.", "待办任务", "ADMINONLY", (BY_STATE,))
USERS = Definition("users", "Accounts.", "账号", "ADMINONLY", (BY_OPENID,))


class Cloud:
    """Collections in dicts; it cannot drop anything because nothing asks it to."""

    def __init__(self, **collections: list[ExistingIndex]) -> None:
        self.tables = collections
        self.permissions = dict.fromkeys(collections, "ADMINONLY")

    def collections(self) -> list[str]:
        return list(self.tables)

    def create_collection(self, name: str, permission: str) -> None:
        self.tables[name] = []
        self.permissions[name] = permission

    def indexes(self, collection: str) -> list[ExistingIndex]:
        return self.tables[collection]

    def create_index(self, collection: str, index: Index) -> None:
        self.tables[collection].append(ExistingIndex(index.name, index.keys, unique=index.unique))

    def permission(self, collection: str) -> str:
        return self.permissions[collection]

    def set_permission(self, collection: str, tag: str) -> None:
        self.permissions[collection] = tag


def existing(index: Index) -> ExistingIndex:
    return ExistingIndex(index.name, index.keys, unique=index.unique)


def texts(cloud: Cloud) -> list[str]:
    return [change.text for change in plan(cloud, [TASKS, USERS]).changes]


def test_an_empty_environment_needs_everything() -> None:
    assert texts(Cloud()) == [
        "create collection sync_tasks",
        "create index sync_tasks state, dueAt",
        "create collection users",
        "create index users openid (unique)",
    ]


def test_after_applying_there_is_nothing_left_to_do() -> None:
    cloud = Cloud()
    changes = plan(cloud, [TASKS, USERS]).changes

    assert list(apply(cloud, changes)) == list(changes)
    assert texts(cloud) == []
    assert cloud.permissions == {"sync_tasks": "ADMINONLY", "users": "ADMINONLY"}


@pytest.mark.parametrize("done", range(4))
def test_broken_off_anywhere_the_next_plan_has_exactly_the_rest(done: int) -> None:
    cloud = Cloud()
    changes = plan(cloud, [TASKS, USERS]).changes
    running = apply(cloud, changes)
    for _ in range(done):
        next(running)

    assert plan(cloud, [TASKS, USERS]).changes == changes[done:]


def test_a_permission_that_differs_is_set() -> None:
    cloud = Cloud(sync_tasks=[existing(BY_STATE)], users=[existing(BY_OPENID)])
    cloud.permissions["users"] = "PRIVATE"

    assert texts(cloud) == ["set permission users ADMINONLY"]
    list(apply(cloud, plan(cloud, [TASKS, USERS]).changes))
    assert cloud.permissions["users"] == "ADMINONLY"


def test_an_index_under_another_name_counts() -> None:
    cloud = Cloud(sync_tasks=[existing(BY_STATE)._replace(name="old_name")], users=[existing(BY_OPENID)])

    assert plan(cloud, [TASKS, USERS]) == ((), (), ())


def test_an_index_of_the_same_name_that_differs_is_reported_and_left() -> None:
    cloud = Cloud(sync_tasks=[existing(BY_STATE)], users=[existing(BY_OPENID)._replace(unique=False)])

    found = plan(cloud, [TASKS, USERS])

    assert found.changes == ()
    assert found.drift == ("users: index openid is openid, defined as openid (unique)",)


def test_extra_indexes_and_unknown_collections_are_reported_and_left() -> None:
    extra = ExistingIndex("phone", (("phone", -1),), unique=False)
    cloud = Cloud(sync_tasks=[existing(BY_STATE)], users=[existing(BY_OPENID), extra], friends=[])

    found = plan(cloud, [TASKS, USERS])

    assert found.changes == ()
    assert found.drift == ("users: index phone on phone↓ is not defined",)
    assert found.unknown == ("friends",)
