"""What the environment variables of a function say."""

import pytest

from gardenshop.cloud.settings import Settings


def test_the_platforms_own_values_are_the_defaults() -> None:
    environ = {"SCF_NAMESPACE": "env-1"}

    assert Settings.read(environ) == Settings(
        env_id="env-1",
        region="ap-shanghai",
        endpoint="https://tcb.tencentcloudapi.com",
        tag="",
        mongo_instance="",
        mongo_database="",
        environ=environ,
    )


def test_every_value_can_be_set() -> None:
    environ = {
        "TCB_ENV": "env-2",
        "SCF_NAMESPACE": "env-1",
        "TENCENTCLOUD_REGION": "ap-guangzhou",
        "CLOUD_API_ENDPOINT": "http://127.0.0.1:9000",
        "CLOUD_TAG": "tnt-1",
        "MONGO_INSTANCE": "flexdb",
        "MONGO_DATABASE": "db",
    }

    assert Settings.read(environ)[:-1] == (
        "env-2",
        "ap-guangzhou",
        "http://127.0.0.1:9000",
        "tnt-1",
        "flexdb",
        "db",
    )


def test_they_are_the_processs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TCB_ENV", "env-3")

    assert Settings.read().env_id == "env-3"
