"""The signatures that the Cloud API accepts and refuses."""

import hashlib
import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient

from gardenshop.cloud import tc3 as layer
from localcloud.cloudapi import ApiError, tc3
from localcloud.credentials import Credentials

KEYS = Credentials("AKIDlocal", "secret-of-the-test", "token-of-the-test")
NOW = 1_763_900_000
DATE = "2025-11-23"
BODY = json.dumps({"EnvId": "env-1", "word": "豆腐"}).encode()
CLIENT = CommonClient(
    "tcb", "2018-06-08", credential.Credential(KEYS.secret_id, KEYS.secret_key), "ap-shanghai"
)


def signed_by_sdk(host: str = "127.0.0.1:9000", **changes: str | None) -> dict[str, str]:
    """Return the headers of a request as the official SDK signs it; *changes* are made afterwards."""
    headers = {"content-type": "application/json", "host": host, "x-tc-timestamp": str(NOW)}
    return with_changes(headers | {"authorization": authorization(headers)}, changes)


def authorization(headers: Mapping[str, str], *, secret_id: str = KEYS.secret_id, date: str = DATE) -> str:
    request = SimpleNamespace(
        uri="/",
        data=BODY,
        method="POST",
        header={
            "Content-Type": headers["content-type"],
            "Host": headers["host"],
            "X-TC-Timestamp": headers["x-tc-timestamp"],
            "X-TC-Content-SHA256": headers.get("x-tc-content-sha256"),
        },
    )
    signature = CLIENT._get_tc3_signature({}, request, date, "tcb", KEYS.secret_key)
    return (
        f"TC3-HMAC-SHA256 Credential={secret_id}/{date}/tcb/tc3_request, "
        f"SignedHeaders=content-type;host, Signature={signature}"
    )


def with_changes(headers: dict[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    changed = headers | {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in changed.items() if value is not None}


def refusal(headers: dict[str, str], *, body: bytes = BODY, now: float = NOW) -> str:
    with pytest.raises(ApiError) as refused:
        tc3.verify(headers, body, KEYS, now)
    return refused.value.code


def test_what_the_sdk_signs_is_accepted_and_names_its_service() -> None:
    assert tc3.verify(signed_by_sdk(), BODY, KEYS, NOW) == "tcb"


def test_the_example_of_the_published_documentation_is_accepted() -> None:
    """cloud.tencent.com/document/api/213/30654: DescribeInstances with two Chinese letters in its body."""
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    scope = tc3.Authorization(
        "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "2019-02-25", "cvm", "content-type;host", ""
    )

    signature = tc3.sign(
        "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
        scope,
        "1551113065",
        "content-type:application/json; charset=utf-8\nhost:cvm.tencentcloudapi.com\n",
        hashlib.sha256(body).hexdigest(),
    )

    assert signature == "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"


def test_the_host_may_be_signed_without_its_port() -> None:
    headers = signed_by_sdk("127.0.0.1")

    assert tc3.verify(headers | {"host": "127.0.0.1:9000"}, BODY, KEYS, NOW) == "tcb"
    assert tc3.verify(headers, BODY, KEYS, NOW) == "tcb"


def test_another_host_is_refused() -> None:
    assert refusal(signed_by_sdk() | {"host": "127.0.0.2:9000"}) == "AuthFailure.SignatureFailure"
    assert refusal(signed_by_sdk() | {"host": "127.0.0.1:9001"}) == "AuthFailure.SignatureFailure"


def test_headers_are_taken_in_the_order_and_number_that_the_client_lists() -> None:
    headers = {
        "content-type": "application/json",
        "host": "localhost:1",
        "x-tc-action": "RunCommands",
        "x-tc-timestamp": str(NOW),
    }
    scope = tc3.Authorization(KEYS.secret_id, DATE, "tcb", "host;x-tc-action;content-type", "")
    lines = "host:localhost:1\nx-tc-action:runcommands\ncontent-type:application/json\n"
    signature = tc3.sign(KEYS.secret_key, scope, str(NOW), lines, hashlib.sha256(BODY).hexdigest())
    headers["authorization"] = (
        f"TC3-HMAC-SHA256 Credential={KEYS.secret_id}/{DATE}/tcb/tc3_request,"
        f"SignedHeaders={scope.signed_headers},Signature={signature}"
    )

    assert tc3.verify(headers, BODY, KEYS, NOW) == "tcb"
    assert refusal(headers | {"x-tc-action": "DeleteTable"}) == "AuthFailure.SignatureFailure"
    del headers["x-tc-action"]
    assert refusal(headers) == "AuthFailure.SignatureFailure"


def test_a_changed_body_is_refused() -> None:
    assert refusal(signed_by_sdk(), body=BODY + b" ") == "AuthFailure.SignatureFailure"


def test_an_unsigned_payload_is_accepted_when_the_signature_says_so() -> None:
    headers = {
        "content-type": "application/json",
        "host": "127.0.0.1:9000",
        "x-tc-timestamp": str(NOW),
        "x-tc-content-sha256": "UNSIGNED-PAYLOAD",
    }
    headers["authorization"] = authorization(headers)

    assert tc3.verify(headers, BODY, KEYS, NOW) == "tcb"
    del headers["x-tc-content-sha256"]
    assert refusal(headers) == "AuthFailure.SignatureFailure"


def test_a_signature_by_another_key_is_refused() -> None:
    other = Credentials(KEYS.secret_id, "another-secret", KEYS.session_token)

    with pytest.raises(ApiError) as refused:
        tc3.verify(signed_by_sdk(), BODY, other, NOW)

    assert refused.value.code == "AuthFailure.SignatureFailure"


def test_an_unknown_key_id_is_refused() -> None:
    headers = signed_by_sdk()
    headers["authorization"] = authorization(headers, secret_id="AKIDother")

    assert refusal(headers) == "AuthFailure.SecretIdNotFound"


@pytest.mark.parametrize("late", [-300, 0, 300])
def test_a_signature_is_good_for_five_minutes_either_way(late: int) -> None:
    assert tc3.verify(signed_by_sdk(), BODY, KEYS, NOW + late) == "tcb"


@pytest.mark.parametrize("clocks", [(NOW, NOW + 999), (NOW + 999, NOW)])
def test_any_of_the_clocks_will_do(clocks: tuple[float, float]) -> None:
    assert tc3.verify(signed_by_sdk(), BODY, KEYS, *clocks) == "tcb"


@pytest.mark.parametrize("late", [-301, 301])
def test_an_older_or_future_signature_is_expired(late: int) -> None:
    assert refusal(signed_by_sdk(), now=NOW + late) == "AuthFailure.SignatureExpire"


def test_the_credential_must_be_of_the_timestamps_day() -> None:
    headers = signed_by_sdk()
    headers["authorization"] = authorization(headers, date="2025-11-22")

    assert refusal(headers) == "AuthFailure.SignatureFailure"


def test_the_token_may_be_absent_but_not_another() -> None:
    assert tc3.verify(signed_by_sdk(x_tc_token=KEYS.session_token), BODY, KEYS, NOW) == "tcb"
    assert tc3.verify(signed_by_sdk(x_tc_token=f"{KEYS.session_token}~call"), BODY, KEYS, NOW) == "tcb"
    for other in ("other", "other~call", "~call", f"{KEYS.session_token}call"):
        assert refusal(signed_by_sdk(x_tc_token=other)) == "AuthFailure.TokenFailure"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"authorization": None}, "MissingParameter"),
        ({"authorization": "SKIP"}, "AuthFailure.InvalidAuthorization"),
        ({"authorization": "TC3-HMAC-SHA256 Credential=a/b/c"}, "AuthFailure.InvalidAuthorization"),
        ({"x_tc_timestamp": None}, "MissingParameter"),
        ({"x_tc_timestamp": "soon"}, "InvalidParameterValue"),
        ({"x_tc_timestamp": "-1"}, "InvalidParameterValue"),
        ({"x_tc_timestamp": "9" * 30}, "InvalidParameterValue"),
        ({"x_tc_timestamp": "１７"}, "InvalidParameterValue"),
    ],
)
def test_malformed_headers_are_refused(changes: dict[str, Any], code: str) -> None:
    assert refusal(signed_by_sdk(**changes)) == code


def test_content_type_and_host_must_be_signed() -> None:
    headers = signed_by_sdk()
    headers["authorization"] = headers["authorization"].replace("content-type;host", "content-type")

    assert refusal(headers) == "AuthFailure.SignatureFailure"


def test_the_layers_signer_is_accepted() -> None:
    keys = layer.Credentials(KEYS.secret_id, KEYS.secret_key)
    headers = signed_by_sdk()
    headers["authorization"] = layer.authorization(
        keys, service="tcb", host=headers["host"], body=BODY, timestamp=NOW
    )

    assert tc3.verify(headers, BODY, KEYS, NOW) == "tcb"
