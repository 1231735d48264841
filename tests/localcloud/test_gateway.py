"""HTTP access routes and the security rule of functions: set through the API, kept by the local cloud."""

import json
from typing import Any

import httpx
import pytest

from localcloud.server import LocalCloud

from .conftest import ENV, Sdk
from .scf import ECHO, Product, Scf, refusal

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")

ALL = {"*": {"invoke": "auth != null"}}
DOMAIN = f"{ENV}-1250000000.ap-shanghai.app.tcloudbase.com"


@pytest.fixture(scope="module", name="tcb")
def _tcb(deployed: LocalCloud) -> Sdk:
    return Sdk(deployed.url, deployed.credentials, ENV)


@pytest.fixture(scope="module", name="bare")
def _bare(deployed: LocalCloud) -> Product:
    """The same without an EnvId in every request."""
    return Product(deployed, "tcb", "2018-06-08")


def routed(path: str, **changes: Any) -> dict[str, Any]:
    return {"Domain": DOMAIN, "Routes": [{"Path": path, **changes}]}


def paths(tcb: Sdk, path: str) -> list[dict[str, Any]]:
    found = tcb.call("DescribeHTTPServiceRoute", Filters=[{"Name": "Path", "Values": [path]}])
    routes: list[dict[str, Any]] = found["Domains"][0]["Routes"]
    assert len(routes) == found["TotalCount"]
    return routes


def status(cloud: LocalCloud, path: str) -> int:
    return httpx.get(f"{cloud.url}/http{path}", trust_env=False).status_code


def test_a_route_leads_to_its_function_until_it_is_closed(
    tcb: Sdk, scf: Scf, deployed: LocalCloud, name: str
) -> None:
    scf.create(name)
    path, upstream = f"/{name}", {"UpstreamResourceType": "SCF", "UpstreamResourceName": name}
    before = status(deployed, path)
    tcb.call("CreateHTTPServiceRoute", Domain=routed(path, **upstream, EnablePathTransmission=True))
    created = paths(tcb, path)
    opened = status(deployed, f"{path}/below")
    tcb.call("ModifyHTTPServiceRoute", Domain=routed(path, Enable=False))
    closed = status(deployed, path)
    tcb.call("ModifyHTTPServiceRoute", Domain=routed(path, Enable=True))
    again = status(deployed, path)
    tcb.call("DeleteHTTPServiceRoute", Domain=DOMAIN, Paths=[path])

    assert (before, opened, closed, again, status(deployed, path)) == (404, 200, 404, 200, 404)
    assert [(one["UpstreamResourceName"], one["EnablePathTransmission"]) for one in created] == [(name, True)]
    assert paths(tcb, path) == []


def test_the_default_domain_is_told(tcb: Sdk) -> None:
    found = tcb.call("DescribeHTTPServiceRoute")

    assert found["OriginDomain"] == DOMAIN
    assert [(one["Domain"], one["IsDefault"], one["Status"]) for one in found["Domains"]] == [
        (DOMAIN, True, "SUCCESS")
    ]


def test_a_path_is_taken_once(tcb: Sdk, name: str) -> None:
    upstream = {"UpstreamResourceType": "SCF", "UpstreamResourceName": name}
    tcb.call("CreateHTTPServiceRoute", Domain=routed(f"/{name}", **upstream))
    other = routed(f"/{name}", **{**upstream, "UpstreamResourceName": "other"})

    assert refusal(lambda: tcb.call("CreateHTTPServiceRoute", Domain=other)) == "ResourceInUse"
    assert [one["UpstreamResourceName"] for one in paths(tcb, f"/{name}")] == [name]


def test_what_is_not_served_is_refused(tcb: Sdk, name: str) -> None:
    upstream = {"UpstreamResourceType": "SCF", "UpstreamResourceName": name}
    elsewhere = {**routed(f"/{name}", **upstream), "Domain": "shop.example"}

    assert refusal(lambda: tcb.call("CreateHTTPServiceRoute", Domain=elsewhere)) == "ResourceNotFound"
    assert (
        refusal(lambda: tcb.call("CreateHTTPServiceRoute", Domain=routed(f"/{name}"))) == "MissingParameter"
    )
    assert refusal(lambda: tcb.call("CreateHTTPServiceRoute", Domain=routed(name))) == "InvalidParameterValue"
    assert (
        refusal(lambda: tcb.call("ModifyHTTPServiceRoute", Domain=routed(f"/{name}"))) == "ResourceNotFound"
    )
    gone = refusal(lambda: tcb.call("DeleteHTTPServiceRoute", Domain=DOMAIN, Paths=[f"/{name}"]))
    assert gone == "ResourceNotFound"
    assert paths(tcb, f"/{name}") == []


def test_the_older_generation_of_the_api_tells_of_the_same_routes(tcb: Sdk, bare: Product, name: str) -> None:
    given = {"ServiceId": ENV}
    created = bare.call("CreateCloudBaseGWAPI", **given, Path=f"/{name}", Type=1, Name=name, AuthSwitch=2)
    found = bare.call("DescribeCloudBaseGWAPI", **given, Name=name)
    taken = refusal(lambda: bare.call("CreateCloudBaseGWAPI", **given, Path=f"/{name}", Type=1, Name="x"))
    newer = [one["UpstreamResourceName"] for one in paths(tcb, f"/{name}")]
    bare.call("DeleteCloudBaseGWAPI", **given, APIId=created["APIId"])

    assert [(one["APIId"], one["Path"], one["Type"], one["Name"]) for one in found["APISet"]] == [
        (created["APIId"], f"/{name}", 1, name)
    ]
    assert (taken, newer, paths(tcb, f"/{name}")) == ("InvalidParameter.APICreated", [name], [])
    assert refusal(lambda: bare.call("DeleteCloudBaseGWAPI", **given)) == "ResourceNotFound"


def test_a_closed_function_is_closed_to_clients_alone(
    tcb: Sdk, scf: Scf, deployed: LocalCloud, name: str
) -> None:
    scf.create(name, ECHO)
    scf.create(f"{name}-open", ECHO)
    rule = json.dumps({**ALL, name: {"invoke": False}})
    tcb.call("ModifySecurityRule", ResourceType="FUNCTION", AclTag="CUSTOM", Rule=rule)
    as_member = {"X-Local-Openid": "o-mint"}

    def called(function: str, headers: dict[str, str]) -> httpx.Response:
        return httpx.post(f"{deployed.url}/functions/{function}", headers=headers, json={}, trust_env=False)

    refused = called(name, as_member)

    assert (refused.status_code, refused.json()["errCode"]) == (403, -501023)
    assert called(f"{name}-open", as_member).status_code == 200
    assert called(name, {}).status_code == 200
    assert scf.invoke(name)["InvokeResult"] == 0
    assert tcb.call("DescribeSecurityRule", ResourceType="FUNCTION") == {"AclTag": "CUSTOM", "Rule": rule}


@pytest.mark.parametrize(
    "rule",
    [
        "{",
        "[]",
        "{}",
        '{"f": {"invoke": true}}',
        '{"*": true}',
        '{"*": {"read": true}}',
        '{"*": {"invoke": "auth.openid != null"}}',
        '{"*": {"invoke": 1}}',
    ],
)
def test_a_rule_that_the_platform_does_not_take_is_refused(tcb: Sdk, rule: str) -> None:
    before = tcb.call("DescribeSecurityRule", ResourceType="FUNCTION")
    given = {"ResourceType": "FUNCTION", "AclTag": "CUSTOM", "Rule": rule}

    assert refusal(lambda: tcb.call("ModifySecurityRule", **given)) == "InvalidParameter"
    assert tcb.call("DescribeSecurityRule", ResourceType="FUNCTION") == before


def test_everybody_who_is_logged_in_may_call_by_default(sdk: Sdk) -> None:
    assert json.loads(sdk.call("DescribeSecurityRule", ResourceType="FUNCTION")["Rule"]) == ALL


def test_the_account_is_told(bare: Product) -> None:
    assert bare.call("DescribeTcbAccountInfo")["CloudAppId"] == 1250000000
