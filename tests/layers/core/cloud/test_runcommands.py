"""RunCommands when the network and the Cloud API misbehave: what is sent again and what never is."""

import json
import socket
import time
from http.client import HTTPConnection
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient

from gardenshop.cloud import runcommands
from gardenshop.cloud.database import Command, Document, find, insert, update
from gardenshop.cloud.errors import DatabaseRejected, DatabaseUnavailable, DuplicateKey
from gardenshop.cloud.runcommands import RunCommands
from gardenshop.cloud.settings import Settings
from gardenshop.cloud.tc3 import Credentials, authorization
from misbehaving import Act, data, error, greet, hang_up, misbehaving, respond, send

READ = find("t", {"_id": "1"}, limit=1)
WRITE = update("t", {"_id": "1"}, {"$inc": {"n": 1}})
KEYS = Credentials("AKIDtest", "secret", "token")
FOUND = json.dumps([json.dumps({"_id": "1", "n": {"$numberInt": "5"}})])
DONE = json.dumps([json.dumps({"n": {"$numberInt": "1"}, "nModified": {"$numberInt": "1"}})])
HALF = send(b'{"Response": {"Da', length=1000, stay=False)


def run(url: str, *commands: Command, keys: Credentials = KEYS, seconds: float = 30) -> list[list[Document]]:
    settings = Settings.read({"TCB_ENV": "env-1", "CLOUD_API_ENDPOINT": url})
    return RunCommands(settings, keys, deadline=time.monotonic() + seconds).run(commands)


def free_url() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


LOSSES: dict[str, Act | None] = {
    "closes before reading": None,
    "closes after reading": hang_up,
    "answers garbage": send(b"<html>Bad Gateway</html>"),
    "answers JSON of another kind": send(b"[]"),
    "answers with another response": send(b'{"Response": 7}'),
    "answers 502": send(b'{"Response": {"Data": []}}', status="502 Bad Gateway"),
    "answers half": HALF,
    "is no HTTP server": greet,
}
LOST = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


@LOST
def test_a_read_whose_reply_was_lost_is_sent_again(loss: Act | None) -> None:
    with misbehaving(loss, loss, data(FOUND)) as server:
        assert run(server.url, READ) == [[{"_id": "1", "n": 5}]]


@LOST
def test_a_read_is_given_up_after_three_attempts(loss: Act | None) -> None:
    with misbehaving(loss, loss, loss, data(FOUND)) as server:
        with pytest.raises(DatabaseUnavailable):
            run(server.url, READ)
        assert len(server.acts) == 1


@LOST
def test_a_write_whose_reply_was_lost_is_never_sent_again(loss: Act | None) -> None:
    with misbehaving(loss, data(DONE)) as server:
        with pytest.raises(DatabaseUnavailable):
            run(server.url, WRITE)
        assert len(server.acts) == 1


@LOST
def test_reads_beside_a_write_make_it_a_write(loss: Act | None) -> None:
    with misbehaving(loss, data(FOUND, DONE)) as server:
        with pytest.raises(DatabaseUnavailable):
            run(server.url, READ, WRITE)
        assert len(server.acts) == 1


@pytest.mark.parametrize("command", [READ, WRITE], ids=["read", "write"])
def test_what_could_not_be_sent_is_sent_again(monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    """Nobody listens at first; the server comes up while the adapter waits."""
    reply = FOUND if command is READ else DONE
    with misbehaving(data(reply)) as server:
        good = server.url
        tried: list[int] = []
        connect = HTTPConnection.connect

        def refused_twice(connection: Any) -> None:
            tried.append(1)
            if len(tried) < 3:
                raise ConnectionRefusedError
            connect(connection)

        monkeypatch.setattr(HTTPConnection, "connect", refused_twice)

        assert len(run(good, command)) == 1
        assert len(server.seen) == 1


@pytest.mark.parametrize("command", [READ, WRITE], ids=["read", "write"])
def test_nobody_listening_is_unavailable(command: Command) -> None:
    with pytest.raises(DatabaseUnavailable):
        run(free_url(), command)


@pytest.mark.parametrize("command", [READ, WRITE], ids=["read", "write"])
def test_an_answer_that_does_not_come_is_given_up_at_the_deadline(command: Command) -> None:
    with misbehaving() as server:
        server.acts = [lambda _: server.over.wait(30) and False]
        with pytest.raises(DatabaseUnavailable):
            run(server.url, command, seconds=0.1)
        (connection,) = runcommands._connections.values()
        assert (connection.timeout or 9) <= 0.1
        assert len(server.seen) == 1


def test_nothing_is_sent_after_the_deadline() -> None:
    with misbehaving(data(FOUND)) as server:
        with pytest.raises(DatabaseUnavailable):
            run(server.url, READ, seconds=-1)
        assert server.seen == []


class TestKeptConnection:
    """The connection outlives the call, the credentials do not."""

    def test_calls_share_it(self) -> None:
        with misbehaving(data(FOUND), data(DONE), data(FOUND)) as server:
            for command in (READ, WRITE, READ):
                run(server.url, command)

            assert [seen.connection for seen in server.seen] == [1, 1, 1]

    def test_one_the_other_end_has_dropped_is_noticed_before_a_write(self) -> None:
        with misbehaving(data(FOUND, stay=False), data(DONE)) as server:
            run(server.url, READ)
            assert _peek() == b""

            assert run(server.url, WRITE) == [[{"n": 1, "nModified": 1}]]
            assert [seen.connection for seen in server.seen] == [1, 2]

    def test_one_that_is_out_of_step_is_not_used_again(self) -> None:
        """A late answer to an earlier request must never be taken for the answer to a later one."""
        late: list[socket.socket] = []

        def answer(connection: socket.socket) -> bool:
            late.append(connection)
            return data(FOUND)(connection)

        with misbehaving(answer, data(DONE)) as server:
            run(server.url, READ)
            data(FOUND)(late[0])
            assert _peek() == b"H"

            assert run(server.url, WRITE) == [[{"n": 1, "nModified": 1}]]
            assert [seen.connection for seen in server.seen] == [1, 2]

    def test_each_call_signs_with_its_own_credentials(self) -> None:
        with misbehaving(data(FOUND), data(FOUND)) as server:
            run(server.url, READ, keys=Credentials("AKIDone", "s1", "token-one"))
            run(server.url, READ, keys=Credentials("AKIDtwo", "s2"))

            first, second = (seen.headers for seen in server.seen)
        assert first["x-tc-token"] == "token-one"
        assert "Credential=AKIDone/" in first["authorization"]
        assert "x-tc-token" not in second
        assert "Credential=AKIDtwo/" in second["authorization"]


def _peek() -> bytes:
    """Wait for what the kept connection hears next: a byte, or nothing any more."""
    (connection,) = runcommands._connections.values()
    assert connection.sock is not None
    connection.sock.settimeout(5)
    return connection.sock.recv(1, socket.MSG_PEEK)


class TestErrors:
    """What the Cloud API refuses, and what it asks to try again."""

    @pytest.mark.parametrize(
        ("code", "message"),
        [
            ("FailedOperation", "E11000 duplicate key error collection: t index: _id_"),
            ("FailedOperation.DuplicatedData", "the document exists"),
        ],
    )
    def test_a_duplicate_key_in_any_form(self, code: str, message: str) -> None:
        with misbehaving(error(code, message)) as server:
            with pytest.raises(DuplicateKey):
                run(server.url, insert("t", {"_id": "1"}))
            assert len(server.seen) == 1

    @pytest.mark.parametrize(
        "code",
        ["ResourceNotFound.Table", "AuthFailure.SignatureFailure", "FailedOperation", "InvalidParameter"],
    )
    def test_a_refusal_is_not_tried_again(self, code: str) -> None:
        with misbehaving(error(code, "no"), data(FOUND)) as server:
            with pytest.raises(DatabaseRejected) as refused:
                run(server.url, READ)
            assert refused.value.details == {"apiCode": code, "reason": "no"}
            assert len(server.seen) == 1

    @pytest.mark.parametrize(
        "code",
        ["LimitExceeded.Request", "RequestLimitExceeded", "InternalError", "FailedOperation.Timeout"],
    )
    def test_a_read_that_met_a_limit_is_tried_again_and_a_write_is_not(self, code: str) -> None:
        with misbehaving(error(code), data(FOUND), error(code), data(DONE)) as server:
            assert run(server.url, READ) == [[{"_id": "1", "n": 5}]]
            with pytest.raises(DatabaseUnavailable):
                run(server.url, WRITE)
            assert len(server.seen) == 3

    def test_write_errors_among_the_items_are_errors(self) -> None:
        duplicate = {"n": 0, "writeErrors": [{"index": 0, "code": 11000, "errmsg": "E11000"}]}
        other = {"n": 0, "writeErrors": [{"index": 0, "code": {"$numberInt": "2"}, "errmsg": "bad value"}]}
        with misbehaving(data(json.dumps([duplicate])), data(json.dumps([json.dumps(other)]))) as server:
            with pytest.raises(DuplicateKey):
                run(server.url, WRITE)
            with pytest.raises(DatabaseRejected) as refused:
                run(server.url, WRITE)
            assert refused.value.details == {"reason": "bad value"}


class TestReplies:
    """``Data`` in every form that was seen."""

    @pytest.mark.parametrize(
        ("element", "items"),
        [
            (FOUND, [{"_id": "1", "n": 5}]),
            ('[{"_id": "1", "n": {"$numberLong": "5"}}]', [{"_id": "1", "n": 5}]),
            ("[]", []),
            ("", []),
            (None, []),
            ("null", []),
        ],
    )
    def test_elements_are_read_tolerantly(self, element: str | None, items: list[Document]) -> None:
        with misbehaving(data(element)) as server:
            assert run(server.url, READ) == [items]

    @pytest.mark.parametrize(
        "reply",
        [
            respond({"Data": None, "RequestId": "r"}),
            respond({"RequestId": "r"}),
            data(FOUND, FOUND),
            data('["7"]'),
            data('["not json"]'),
            data("not json"),
            data('{"$numberInt": "x"}'),
            data(7),
            data("7"),
            respond({"Data": 7}),
            respond({"Error": "text"}),
        ],
    )
    @pytest.mark.parametrize("command", [READ, WRITE], ids=["read", "write"])
    def test_what_is_no_reply_to_this_is_unavailable(self, reply: Act, command: Command) -> None:
        with misbehaving(reply) as server, pytest.raises(DatabaseUnavailable):
            run(server.url, command)


def test_the_request_is_what_the_api_asks_for() -> None:
    with misbehaving(data(FOUND, DONE)) as server:
        settings = Settings.read(
            {"TCB_ENV": "env-1", "CLOUD_API_ENDPOINT": server.url, "CLOUD_TAG": "tnt-1"}
            | {"MONGO_INSTANCE": "flexdb", "MONGO_DATABASE": "db-1", "TENCENTCLOUD_REGION": "ap-guangzhou"}
        )
        RunCommands(settings, KEYS, deadline=time.monotonic() + 30).run([READ, WRITE])
        (seen,) = server.seen

    assert json.loads(seen.body) == {
        "EnvId": "env-1",
        "Tag": "tnt-1",
        "MongoConnector": {"InstanceId": "flexdb", "DatabaseName": "db-1"},
        "MgoCommands": [
            {"TableName": "t", "CommandType": "QUERY", "Command": json.dumps(READ, separators=(",", ":"))},
            {"TableName": "t", "CommandType": "UPDATE", "Command": json.dumps(WRITE, separators=(",", ":"))},
        ],
    }
    assert seen.commands == [READ, WRITE]
    assert (seen.headers["x-tc-action"], seen.headers["x-tc-version"]) == ("RunCommands", "2018-06-08")
    assert (seen.headers["x-tc-region"], seen.headers["host"]) == ("ap-guangzhou", server.url[7:])


@given(
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=40),
    st.binary(max_size=200),
    st.integers(0, 4_000_000_000),
    st.sampled_from(["tcb.tencentcloudapi.com", "127.0.0.1:8787", "localhost"]),
)
def test_the_signature_is_the_official_sdks(secret: str, body: bytes, timestamp: int, host: str) -> None:
    client = CommonClient("tcb", "2018-06-08", credential.Credential("AKIDtest", secret), "ap-shanghai")
    headers = {"Content-Type": "application/json", "Host": host, "X-TC-Timestamp": str(timestamp)}
    request = SimpleNamespace(uri="/", data=body, method="POST", header=headers)
    date = time.strftime("%Y-%m-%d", time.gmtime(timestamp))
    signature = client._get_tc3_signature({}, request, date, "tcb", secret)

    ours = authorization(
        Credentials("AKIDtest", secret), service="tcb", host=host, body=body, timestamp=timestamp
    )

    assert ours == (
        f"TC3-HMAC-SHA256 Credential=AKIDtest/{date}/tcb/tc3_request, "
        f"SignedHeaders=content-type;host, Signature={signature}"
    )
