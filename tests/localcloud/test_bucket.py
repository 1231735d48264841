"""The temporary bucket: a zip is uploaded as clients do it, and then deployed by its name."""

import re
from collections.abc import Iterator

import httpx
import pytest

from localcloud.server import LocalCloud

from .scf import ECHO, Scf, refusal, zip_of

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")

BUCKET = "shtempcos-1253665819.cos.ap-shanghai.myqcloud.com"
PATH = "1250000000/test-env-1/{}.zip"


@pytest.fixture(name="cos")
def _cos(deployed: LocalCloud) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=deployed.url, headers={"Host": BUCKET}, trust_env=False) as client:
        yield client


def granted(scf: Scf, name: str) -> tuple[str, dict[str, str]]:
    """Return the key of an object and the header that allows to write it."""
    path = PATH.format(name)
    info = scf.call("GetTempCosInfo", ObjectPath=path)
    return f"/{info['Date']}/{path}", {"Authorization": info["Sign"]}


def test_an_object_in_parts_is_deployed_by_its_name(scf: Scf, cos: httpx.Client, name: str) -> None:
    key, allowed = granted(scf, name)
    content = zip_of({"index.py": ECHO})
    listed = cos.get("/", params={"uploads": "", "prefix": key}, headers=allowed)
    begun = cos.post(key, params={"uploads": ""}, headers=allowed).text
    upload = re.findall("<UploadId>(.+)</UploadId>", begun)[0]
    for number, part in ((2, content[100:]), (1, b"wrong"), (1, content[:100])):
        put = cos.put(key, params={"partNumber": number, "uploadId": upload}, headers=allowed, content=part)
        assert put.headers["ETag"]
    done = cos.post(key, params={"uploadId": upload}, headers=allowed)

    scf.create(name, Code={"TempCosObjectName": key, "CosBucketRegion": "ap-shanghai"})

    assert (listed.status_code, done.status_code) == (200, 200)
    assert scf.invoke(name, {"a": 1})["RetMsg"] == '{"a": 1}'


def test_a_whole_object_is_deployed_by_its_name(scf: Scf, cos: httpx.Client, name: str) -> None:
    key, allowed = granted(scf, name)
    assert cos.put(key, headers=allowed, content=zip_of({"index.py": ECHO})).status_code == 200

    scf.create(name, Code={"TempCosObjectName": key})

    assert scf.invoke(name, 5)["RetMsg"] == "5"


def test_who_was_given_one_object_cannot_write_another(scf: Scf, cos: httpx.Client, name: str) -> None:
    key, _ = granted(scf, name)
    _, others = granted(scf, f"{name}-other")

    refused = [
        cos.put(key, headers=headers, content=b"x") for headers in (others, {}, {"Authorization": "x"})
    ]

    assert [one.status_code for one in refused] == [403, 403, 403]
    missing = refusal(lambda: scf.create(name, Code={"TempCosObjectName": key}))
    assert missing == "InvalidParameterValue.TempCosObjectName"


def test_an_upload_that_never_began_is_not_found(scf: Scf, cos: httpx.Client, name: str) -> None:
    key, allowed = granted(scf, name)
    part = cos.put(key, params={"partNumber": 1, "uploadId": "none"}, headers=allowed, content=b"x")
    end = cos.post(key, params={"uploadId": "none"}, headers=allowed)

    assert [part.status_code, end.status_code, cos.get(key, headers=allowed).status_code] == [404, 404, 405]


def test_a_part_without_a_number_is_refused(scf: Scf, cos: httpx.Client, name: str) -> None:
    key, allowed = granted(scf, name)
    begun = cos.post(key, params={"uploads": ""}, headers=allowed).text
    upload = re.findall("<UploadId>(.+)</UploadId>", begun)[0]

    assert cos.put(key, params={"uploadId": upload}, headers=allowed, content=b"x").status_code == 404
