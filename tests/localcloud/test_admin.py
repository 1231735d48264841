"""The `/admin` door: the unmodified SDK of Node functions works against it, and nobody unsigned does."""

import hashlib
import hmac
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from localcloud.server import LocalCloud

ENV = "test-env"
SDK = "wx-server-sdk@4.0.2"
FUNCTION = """
exports.main = async () => {
  const cloud = require('wx-server-sdk')
  cloud.init()
  const db = cloud.database(), _ = db.command, notes = db.collection('notes')
  const told = {}
  const mint = { _id: 'n1', title: '薄荷茶', price: 1.5, tags: ['茶'], at: db.serverDate() }
  told.added = await notes.add({ data: mint })
  await notes.add({ data: { title: '大米', price: 20, count: 2 ** 40 } })
  told.read = (await notes.doc('n1').get()).data
  const between = notes.where({ price: _.gt(2).and(_.lt(30)) })
  told.found = (await between.field({ title: true, _id: false }).get()).data
  told.ordered = (await notes.orderBy('price', 'desc').skip(1).limit(1).get()).data.length
  told.counted = (await notes.where({ title: db.RegExp({ regexp: '^薄', options: 'i' }) }).count()).total
  told.updated = (await notes.doc('n1').update({ data: { price: _.inc(1), tags: _.push(['凉']) } })).stats
  told.set = (await notes.doc('n2').set({ data: { title: '红枣' } })).stats
  told.replaced = (await notes.doc('n2').set({ data: { title: '桂圆' } })).stats
  const sum = db.command.aggregate.sum('$price')
  told.summed = (await notes.aggregate().group({ _id: null, all: sum }).end()).list
  told.removed = (await notes.where({ title: '大米' }).remove()).stats
  told.left = (await notes.orderBy('_id', 'asc').get()).data
  told.called = (await cloud.callFunction({ name: 'hello', data: { who: '小满' } })).result
  const refused = async (doing) => doing().then(() => 'done', (error) => error.errCode || error.code)
  told.again = await refused(() => notes.add({ data: { _id: 'n1' } }))
  told.nowhere = await refused(() => db.collection('nowhere').get())
  told.missing = await refused(() => cloud.callFunction({ name: 'nobody' }))
  told.together = await refused(() => db.startTransaction())
  return told
}
exports.main().then((told) => console.log(JSON.stringify(told)))
"""


@pytest.fixture(scope="module", name="cloud")
def _cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    root = tmp_path_factory.mktemp("project")
    function = root / "functions/hello"
    function.mkdir(parents=True)
    (function / "index.py").write_text("def main(event, context):\n    return {'hello': event['who']}\n")
    declared = {"name": "hello", "runtime": "Python3.10", "handler": "index.main", "layers": []}
    (root / "cloudbaserc.json").write_text(json.dumps({"envId": ENV, "functions": [declared]}))
    (root / "layers").mkdir()
    with LocalCloud(root, data=None) as cloud:
        yield cloud


@pytest.fixture(scope="module", name="sdk")
def _sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the SDK, where there is npm and a registry."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node is not on this machine")
    folder = tmp_path_factory.mktemp("node")
    install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), SDK]
    if subprocess.run(install, capture_output=True, check=False, timeout=300).returncode:
        pytest.skip("the SDK cannot be installed here")
    return folder


def test_a_function_in_node_works_unmodified(cloud: LocalCloud, sdk: Path) -> None:
    post(cloud, "database.addCollection", collectionName="notes")
    (sdk / "index.js").write_text(FUNCTION, encoding="utf-8")
    keys = cloud.credentials
    environ = {
        "PATH": str(Path(str(shutil.which("node"))).parent),
        "TCB_CONTEXT_CNFG": json.dumps({"URL": f"{cloud.url}/admin"}),
        "TENCENTCLOUD_RUNENV": "SCF",
        "TENCENTCLOUD_REGION": "ap-shanghai",
        "TENCENTCLOUD_SECRETID": keys.secret_id,
        "TENCENTCLOUD_SECRETKEY": keys.secret_key,
        "TENCENTCLOUD_SESSIONTOKEN": keys.session_token,
        "SCF_NAMESPACE": ENV,
        "TCB_ENV": ENV,
    }

    done = subprocess.run(
        ["node", "index.js"], cwd=sdk, env=environ, capture_output=True, encoding="utf-8", check=False
    )

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["added"]["_id"], told["read"]["title"]) == ("n1", "薄荷茶")
    assert told["read"]["at"].startswith(time.strftime("%Y-", time.gmtime()))
    assert told["found"] == [{"title": "大米"}]
    assert (told["ordered"], told["counted"]) == (1, 1)
    assert told["updated"] == {"updated": 1}
    assert (told["set"]["created"], told["replaced"]["updated"]) == (1, 1)
    assert told["summed"] == [{"_id": None, "all": 22.5}]
    assert told["removed"] == {"removed": 1}
    assert [(each["_id"], each["title"], each.get("tags")) for each in told["left"]] == [
        ("n1", "薄荷茶", ["茶", "凉"]),
        ("n2", "桂圆", None),
    ]
    assert told["called"] == {"hello": "小满"}
    refusals = [told[name] for name in ("again", "nowhere", "missing", "together")]
    assert refusals == [-502001, -502005, -1, "INVALID_PARAM"]  # Of a failed call the SDK tells no code.


def signed(
    cloud: LocalCloud, body: dict[str, Any], *, key: str = "", at: float | None = None
) -> dict[str, str]:
    """Return the headers of a POST of *body*, as the SDK's signer makes them."""
    stamp, host = str(int(time.time() if at is None else at)), cloud.url.removeprefix("http://")
    date = time.strftime("%Y-%m-%d", time.gmtime(int(stamp)))
    headers = {"content-type": "application/json", "host": host, "x-sdk-version": "TCB-Node-SDK/3"}
    texts = {
        name.lower(): value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        for name, value in sorted(body.items())
    }
    named = [name for name in texts if texts[name]]
    payload = "".join(f"&{name}={texts[name]}\r\n" for name in named)
    lines = "".join(f"{name}:{value.lower()}\n" for name, value in headers.items())
    digest = hashlib.sha256(payload.encode()).hexdigest()
    request = f"post\n//{host}/admin\nenv={ENV}\n{lines}\n{';'.join(headers)}\n{digest}"
    scope = f"{date}/tcb/tc3_request"
    text = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    secret = f"TC3{key or cloud.credentials.secret_key}".encode()
    for part in (date, "tcb", "tc3_request"):
        secret = hmac.digest(secret, part.encode(), "sha256")
    signature = hmac.digest(secret, text.encode(), "sha256").hex()
    who = f"Credential={cloud.credentials.secret_id}/{scope}"
    authorization = (
        f"TC3-HMAC-SHA256 {who}, SignedParams={';'.join(named)}, "
        f"SignedHeaders={';'.join(headers)}, Signature={signature}"
    )
    return {**headers, "Authorization": authorization, "X-Timestamp": stamp}


def sent(cloud: LocalCloud, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    reply = httpx.post(f"{cloud.url}/admin?env={ENV}", content=json.dumps(body), headers=headers)
    assert reply.status_code == 200
    told: dict[str, Any] = reply.json()
    return told


def post(cloud: LocalCloud, action: str, **fields: Any) -> dict[str, Any]:
    body = {"action": action, "envName": ENV, "sessionToken": "", **fields}
    return sent(cloud, body, signed(cloud, body))


class TestRefusals:
    BODY = {"action": "database.getDocument", "envName": ENV, "collectionName": "notes"}  # noqa: RUF012  # Read.

    @pytest.mark.parametrize(
        "headers",
        [
            {"Authorization": ""},
            {"Authorization": "TC3-HMAC-SHA256 Credential=x"},
            {"X-Timestamp": "soon"},
            {"x-sdk-version": "another"},
        ],
        ids=["unsigned", "half signed", "no time", "another header"],
    )
    def test_what_was_not_signed_so_is_refused(self, cloud: LocalCloud, headers: dict[str, str]) -> None:
        assert sent(cloud, self.BODY, signed(cloud, self.BODY) | headers)["code"] == "SIGN_PARAM_INVALID"

    def test_another_key_is_refused(self, cloud: LocalCloud) -> None:
        assert sent(cloud, self.BODY, signed(cloud, self.BODY, key="guess"))["code"] == "SIGN_PARAM_INVALID"

    @pytest.mark.parametrize("away", [-700, 700])
    def test_an_old_signature_is_refused(self, cloud: LocalCloud, away: int) -> None:
        headers = signed(cloud, self.BODY, at=time.time() + away)

        assert sent(cloud, self.BODY, headers)["code"] == "SIGN_PARAM_INVALID"

    @pytest.mark.parametrize("changed", [{"collectionName": "users"}, {"multi": True}], ids=["other", "more"])
    def test_a_changed_parameter_is_refused(self, cloud: LocalCloud, changed: dict[str, Any]) -> None:
        told = sent(cloud, self.BODY | changed, signed(cloud, self.BODY))

        assert told["code"] == "SIGN_PARAM_INVALID"

    def test_another_environment_is_refused(self, cloud: LocalCloud) -> None:
        assert post(cloud, "database.getDocument", envName="other")["code"] == "INVALIID_ENV"

    @pytest.mark.parametrize(
        ("action", "fields"),
        [
            ("storage.getUploadMetadata", {}),
            ("database.getDocument", {}),
            ("database.getDocument", {"collectionName": "notes", "query": "{"}),
            ("database.getDocument", {"collectionName": "notes", "limit": 1001}),
            ("functions.invokeFunction", {"function_name": "hello", "request_data": "{"}),
        ],
        ids=["unknown action", "no collection", "no JSON", "too many", "no event"],
    )
    def test_what_is_not_understood_is_named(
        self, cloud: LocalCloud, action: str, fields: dict[str, Any]
    ) -> None:
        assert post(cloud, action, **fields)["code"] == "INVALID_PARAM"


def test_a_replaced_document_keeps_its_id_and_nothing_else(cloud: LocalCloud) -> None:
    post(cloud, "database.addCollection", collectionName="plain")
    post(cloud, "database.insertDocument", collectionName="plain", data=['{"_id":"a","x":1,"y":2}'])

    where = {"collectionName": "plain", "queryType": "DOC", "query": '{"_id":"a"}'}
    post(cloud, "database.modifyDocument", **where, data='{"x":3}', merge=False, upsert=True)

    (text,) = post(cloud, "database.getDocument", **where)["data"]["list"]
    assert json.loads(text) == {"_id": "a", "x": {"$numberInt": "3"}}
