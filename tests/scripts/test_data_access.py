"""A command works on the environment that was named, or on the local cloud that runs."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

import pytest

from dataio.access import PRODUCTION, NoAccess, NoLocalCloud, access, add_options, phone_hash_key
from dataio.cloudapi import Access

KEYS = {"TENCENTCLOUD_SECRETID": "id", "TENCENTCLOUD_SECRETKEY": "key"}


@pytest.fixture
def local(tmp_path: Path) -> Path:
    path = tmp_path / "localcloud.json"
    found = {"url": "http://127.0.0.1:8787", "envId": "local", "secretId": "AK", "secretKey": "SK"}
    path.write_text(json.dumps(found | {"phoneHashKey": "its key"}), encoding="utf-8")
    return path


def options(*arguments: str) -> Namespace:
    parser = ArgumentParser()
    add_options(parser)
    return parser.parse_args(arguments)


def test_without_anything_named_the_running_local_cloud_is_meant(local: Path) -> None:
    assert access(options(), {}, local) == Access("http://127.0.0.1:8787", "local", "AK", "SK")


def test_without_a_local_cloud_either_the_message_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(NoLocalCloud, match=r"python3 scripts/dev\.py"):
        access(options(), {}, tmp_path / "absent.json")


def test_the_environment_variables_name_a_real_environment(local: Path) -> None:
    assert access(options(), {**KEYS, "TCB_ENV": "prod-1"}, local) == Access(
        PRODUCTION, "prod-1", "id", "key"
    )


def test_options_win_over_environment_variables(local: Path) -> None:
    found = access(
        options("--env-id", "test-1", "--region", "ap-guangzhou"), {**KEYS, "TCB_ENV": "prod-1"}, local
    )

    assert (found.env_id, found.region) == ("test-1", "ap-guangzhou")


def test_half_an_environment_is_refused_and_never_replaced_by_the_local_one(local: Path) -> None:
    with pytest.raises(NoAccess, match=r"--secret-id --secret-key.*TENCENTCLOUD_SECRETID") as refused:
        access(options("--env-id", "prod-1"), {}, local)
    assert not isinstance(refused.value, NoLocalCloud)


def test_the_key_of_phone_hashes_comes_from_the_environment_or_the_local_cloud(
    local: Path, tmp_path: Path
) -> None:
    assert phone_hash_key({"PHONE_HASH_KEY": "given"}, local) == "given"
    assert phone_hash_key({}, local) == "its key"
    assert phone_hash_key({}, tmp_path / "absent.json") is None
