"""The key pair of a local cloud."""

import json
import stat
import sys
from pathlib import Path

import pytest

from localcloud.credentials import Credentials


def test_the_pair_is_made_once_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "data" / "credentials.json"
    first = Credentials.load_or_create(file)
    assert Credentials.load_or_create(file) == first
    assert json.loads(file.read_text(encoding="utf-8"))["secret_id"] == first.secret_id
    assert [one.name for one in file.parent.iterdir()] == ["credentials.json"]


def test_two_clouds_have_pairs_of_the_real_shape_that_differ() -> None:
    one, other = Credentials.generate(), Credentials.generate()
    assert one.secret_id.startswith("AKID")
    assert (len(one.secret_id), len(one.secret_key)) == (36, 32)
    assert one != other


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    Credentials.load_or_create(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
