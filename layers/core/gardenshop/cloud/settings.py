"""What the environment variables of a function say. Identity is never among them (see identity)."""

import os
from collections.abc import Mapping
from typing import NamedTuple


class Settings(NamedTuple):
    """Where the cloud is. Immutable for the life of an instance, unlike credentials."""

    env_id: str
    region: str
    endpoint: str
    tag: str
    mongo_instance: str
    mongo_database: str
    environ: Mapping[str, str]

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings from *environ* (default: the process's)."""
        env = os.environ if environ is None else environ
        return cls(
            env_id=env.get("TCB_ENV") or env.get("SCF_NAMESPACE", ""),
            region=env.get("TENCENTCLOUD_REGION") or "ap-shanghai",
            endpoint=env.get("CLOUD_API_ENDPOINT") or "https://tcb.tencentcloudapi.com",
            tag=env.get("CLOUD_TAG", ""),
            mongo_instance=env.get("MONGO_INSTANCE", ""),
            mongo_database=env.get("MONGO_DATABASE", ""),
            environ=env,
        )
