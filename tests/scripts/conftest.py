"""A local cloud as the commands of scripts/data.py find it."""

from collections.abc import Iterator

import pytest

from dataio.cloudapi import Access, CloudApi
from localcloud.server import LocalCloud


@pytest.fixture(scope="module")
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudApi]:
    """Serve the module's `COLLECTIONS`, empty, with the keys in the environment."""
    folder = tmp_path_factory.mktemp("cloud")
    (folder / "cloudbaserc.json").write_text('{"envId": "data-test", "functions": []}', encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch, LocalCloud(folder, data=None) as cloud:
        keys = cloud.credentials
        access = Access(cloud.url, cloud.env, keys.secret_id, keys.secret_key)
        patch.setenv("CLOUD_API_ENDPOINT", access.endpoint)
        patch.setenv("TCB_ENV", access.env_id)
        patch.setenv("TENCENTCLOUD_SECRETID", access.secret_id)
        patch.setenv("TENCENTCLOUD_SECRETKEY", access.secret_key)
        served = CloudApi(access)
        for name in request.module.COLLECTIONS:
            served.create_collection(name, "ADMINONLY")
        yield served
