"""The proxy that answers for Tencent's hosts: who is let where, and what the certificates are good for."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from tencentcloud.common import credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.scf.v20180416 import models
from tencentcloud.scf.v20180416.scf_client import ScfClient

from localcloud.server import LocalCloud
from localcloud.tencent.certificates import certificates
from localcloud.tencent.hosts import is_served
from localcloud.tencent.proxy import TencentHosts

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")


@pytest.fixture(scope="module", name="cloud")
def _cloud(project: Path) -> Iterator[LocalCloud]:
    with LocalCloud(project, data=None, tencent_hosts=True) as running:
        yield running


@pytest.fixture(name="hosts")
def _hosts(cloud: LocalCloud) -> TencentHosts:
    assert cloud.tencent is not None
    return cloud.tencent


@pytest.fixture(name="http")
def _http(hosts: TencentHosts) -> Iterator[httpx.Client]:
    trusted = ssl.create_default_context(cafile=str(hosts.authority))
    with httpx.Client(proxy=hosts.url, verify=trusted, trust_env=False) as client:
        yield client


@pytest.mark.parametrize(
    ("host", "served"),
    [
        ("tcb.tencentcloudapi.com", True),
        ("SCF.tencentcloudapi.com", True),
        ("scf.ap-shanghai.tencentcloudapi.com", True),
        ("shtempcos-1253665819.cos.ap-shanghai.myqcloud.com", True),
        ("otheve.beacon.qq.com", True),
        ("own-1250000000.cos.ap-shanghai.myqcloud.com", False),
        ("example.com", False),
        ("tcb.tencentcloudapi.com.example.com", False),
        ("tencentcloudapi.com", False),
        ("127.0.0.1", False),
    ],
)
def test_only_the_hosts_of_the_tools_are_served(host: str, served: bool) -> None:  # noqa: FBT001
    assert is_served(host) is served


def test_the_official_sdk_finds_its_own_hosts_here(
    cloud: LocalCloud, hosts: TencentHosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in hosts.environment().items():
        monkeypatch.setenv(name, value)
    keys = credential.Credential(cloud.credentials.secret_id, cloud.credentials.secret_key)
    client = ScfClient(
        keys, "ap-shanghai", ClientProfile(httpProfile=HttpProfile(certification=str(hosts.authority)))
    )
    request = models.ListFunctionsRequest()
    request.Namespace = cloud.env

    assert client.ListFunctions(request).TotalCount == 0


def test_many_requests_go_over_one_connection(http: httpx.Client) -> None:
    replies = [http.get("https://tcb.tencentcloudapi.com/healthz") for _ in range(5)]

    assert [reply.json()["status"] for reply in replies] == ["ok"] * 5


def test_telemetry_is_answered_with_nothing(http: httpx.Client) -> None:
    reply = http.post("https://otheve.beacon.qq.com/analytics/v2_upload", json={"who": "me"})

    assert (reply.status_code, reply.content) == (204, b"")


@pytest.mark.parametrize("url", ["https://example.com/", "http://tcb.tencentcloudapi.com/"])
def test_every_other_host_and_way_is_refused(http: httpx.Client, url: str) -> None:
    try:
        status = http.get(url).status_code
    except httpx.ProxyError as refused:
        status = int(str(refused).split()[0])

    assert status == 403


def test_another_port_of_a_served_host_is_refused(http: httpx.Client) -> None:
    with pytest.raises(httpx.ProxyError, match="403"):
        http.get("https://tcb.tencentcloudapi.com:8443/")


@pytest.mark.parametrize("sent", [b"", b"nonsense\r\n\r\n", b"CONNECT\r\n\r\n", b"x" * 100_000])
def test_nonsense_harms_nobody(hosts: TencentHosts, http: httpx.Client, sent: bytes) -> None:
    port = int(hosts.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as raw:
        raw.sendall(sent)

    assert http.get("https://tcb.tencentcloudapi.com/healthz").status_code == 200


def test_the_certificate_is_kept_and_made_anew_for_other_names(tmp_path: Path) -> None:
    first = certificates(tmp_path, ["a.example"]).server.read_bytes()
    again = certificates(tmp_path, ["a.example"]).server.read_bytes()
    other = certificates(tmp_path, ["b.example"]).server.read_bytes()

    assert first == again != other
    said = x509.load_pem_x509_certificate(other).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert said.value.get_values_for_type(x509.DNSName) == ["b.example"]


def test_nothing_that_is_kept_can_sign_another_certificate(tmp_path: Path) -> None:
    files = certificates(tmp_path, ["a.example"])
    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    server = x509.load_pem_x509_certificate(files.server.read_bytes())

    server.verify_directly_issued_by(authority)
    assert server.public_key() != authority.public_key()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["ca.pem", "server.key", "server.pem"]
    assert files.key.read_bytes().count(b"PRIVATE KEY-----") == 2
