"""Which environment a command works on: options, then environment variables, then the running local cloud."""

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path

from dataio.cloudapi import Access
from dataio.definitions import ROOT

LOCAL = ROOT / ".local" / "localcloud.json"
"""Written by scripts/dev.py for as long as it serves."""

PRODUCTION = "https://tcb.tencentcloudapi.com"

_NAMES = {
    "endpoint": "CLOUD_API_ENDPOINT",
    "env_id": "TCB_ENV",
    "region": "TENCENTCLOUD_REGION",
    "secret_id": "TENCENTCLOUD_SECRETID",
    "secret_key": "TENCENTCLOUD_SECRETKEY",
    "token": "TENCENTCLOUD_SESSIONTOKEN",
    "tag": "CLOUD_TAG",
}


class NoAccess(Exception):
    """There is no environment to work on; the message says what to do."""


class NoLocalCloud(NoAccess):
    """Nothing was named, and no local cloud runs."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name an environment and its keys."""
    group = parser.add_argument_group("environment (default: the running local CloudBase)")
    group.add_argument("--endpoint", help=f"Cloud API ({PRODUCTION})")
    group.add_argument("--env-id", help="environment id")
    group.add_argument("--region", help="region (ap-shanghai)")
    group.add_argument("--tag", help="database instance (tnt-…) where the environment has several")
    group.add_argument("--secret-id", help="API key id")
    group.add_argument("--secret-key", help="API key; better given as TENCENTCLOUD_SECRETKEY")


def access(
    options: argparse.Namespace, environ: Mapping[str, str] = os.environ, local: Path | None = None
) -> Access:
    """Return the environment that *options* and *environ* name, or else the local one.

    Raises:
        NoAccess: something is missing, and the message names it.
    """
    given = {name: getattr(options, name, None) or environ.get(key) for name, key in _NAMES.items()}
    if not any(given[name] for name in ("endpoint", "env_id", "secret_id", "secret_key")):
        return _local(local or LOCAL)
    missing = [name for name in ("env_id", "secret_id", "secret_key") if not given[name]]
    if missing:
        options_of = " ".join(f"--{name.replace('_', '-')}" for name in missing)
        names = " ".join(_NAMES[name] for name in missing)
        raise NoAccess(f"Missing {options_of}, or in the environment {names}.")
    given["endpoint"] = given["endpoint"] or PRODUCTION
    return Access(**{name: value for name, value in given.items() if value})


def phone_hash_key(environ: Mapping[str, str] = os.environ, local: Path | None = None) -> str | None:
    """Return the key that the functions hash phone numbers with, if it is known here."""
    if given := environ.get("PHONE_HASH_KEY"):
        return given
    path = local or LOCAL
    if not path.exists():
        return None
    found: str | None = json.loads(path.read_text(encoding="utf-8")).get("phoneHashKey")
    return found


def _local(path: Path) -> Access:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NoLocalCloud(
            "No local CloudBase is running: start it with `python3 scripts/dev.py`, "
            "or name an environment with --env-id, --secret-id and --secret-key."
        ) from None
    return Access(found["url"], found["envId"], found["secretId"], found["secretKey"])
