"""The commands of scripts/data.py against a local cloud, through the unmodified SDK."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dataio import sample
from dataio.cli import run
from dataio.cloudapi import Access, CloudApi, CloudError
from dataio.definitions import Index
from dataio.documents import store
from dataio.seed import seed
from gardenshop.models.registry import COLLECTIONS
from localcloud.server import LocalCloud

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")

KEY = "a key of the tests, long enough"
PREDECESSOR = Path(__file__).parents[3] / "shared" / "predecessor-data"

Command = Callable[..., tuple[int, Any]]


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    (tmp_path / "cloudbaserc.json").write_text('{"envId": "data-test", "functions": []}', encoding="utf-8")
    with LocalCloud(tmp_path, data=None) as running:
        yield running


@pytest.fixture
def access(cloud: LocalCloud) -> Access:
    return Access(cloud.url, cloud.env, cloud.credentials.secret_id, cloud.credentials.secret_key)


@pytest.fixture
def command(access: Access, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run one command with --json and return its exit code and what it printed."""
    monkeypatch.setenv("CLOUD_API_ENDPOINT", access.endpoint)
    monkeypatch.setenv("TCB_ENV", access.env_id)
    monkeypatch.setenv("TENCENTCLOUD_SECRETID", access.secret_id)
    monkeypatch.setenv("TENCENTCLOUD_SECRETKEY", access.secret_key)
    monkeypatch.setenv("PHONE_HASH_KEY", KEY)

    def call(*arguments: str) -> tuple[int, Any]:
        code = run([*arguments, "--json"], description="")
        return code, json.loads(capsys.readouterr().out)

    return call


def test_plan_changes_nothing_apply_creates_everything_and_again_nothing(command: Command) -> None:
    _, planned = command("plan")
    _, again = command("plan")
    _, applied = command("apply")

    assert planned == again
    assert planned["changes"][0] == "create collection users"
    assert len([change for change in planned["changes"] if change.startswith("create collection")]) == 28
    assert applied["applied"] == planned["changes"]
    assert command("apply") == (0, {"applied": [], "drift": [], "unknown": []})


def test_collections_that_nobody_defined_are_left_untouched(command: Command, access: Access) -> None:
    CloudApi(access).create_collection("friends", "PRIVATE")

    _, applied = command("apply")

    assert applied["unknown"] == ["friends"]
    assert "friends" in CloudApi(access).collections()
    assert CloudApi(access).permission("friends") == "PRIVATE"
    assert CloudApi(access).permission("orders") == "ADMINONLY"


def test_creating_what_exists_does_no_harm(access: Access) -> None:
    api = CloudApi(access)
    index = Index("userId", (("userId", 1), ("at", -1)), unique=True, sparse=True)
    for _ in range(2):
        api.create_collection("meals", "ADMINONLY")
        api.create_index("meals", index)

    assert [(one.name, one.keys, one.unique) for one in api.indexes("meals")] == [
        ("userId", (("userId", 1), ("at", -1)), True)
    ]


def test_the_sample_is_loaded_once(command: Command) -> None:
    command("apply")
    code, first = command("load")
    _, second = command("load")

    assert (code, first["refused"]) == (0, [])
    assert first["collections"]["products"] == {"created": first["collections"]["products"]["created"]}
    assert all(set(fates) == {"unchanged"} for fates in second["collections"].values())


def test_a_hundred_products_with_their_stock_take_at_most_four_round_trips(access: Access) -> None:
    seed(access, phone_hash_key=KEY)
    records = sample.read(phone_hash_key=KEY).records
    products = [record for record in records if record.collection == "products"][:100]
    skus = {sku["skuId"] for record in products for sku in record.document["skus"]}
    stock = [record for record in records if record.collection == "inventory" and record.key in skus]
    entries = [
        record
        for record in records
        if record.collection == "stock_ledger" and record.document["skuId"] in skus
    ]
    api = CloudApi(access)
    for record in (*products, *stock, *entries):
        api.run([{"delete": record.collection, "deletes": [{"q": {"_id": record.key}, "limit": 1}]}])
    api.calls = 0

    written = list(store(api, [*products, *stock, *entries]))

    assert len(products) == 100
    assert len(stock) == len(skus)
    assert {one.fate for one in written} == {"created"}
    assert api.calls <= 4


def test_seeding_twice_creates_once(access: Access) -> None:
    first = seed(access, phone_hash_key=KEY)
    second = seed(access, phone_hash_key=KEY)

    assert set(first) == {"created"}
    assert second == {"unchanged": first["created"]}


def test_a_document_in_the_way_of_a_unique_index_is_refused_by_name(access: Access) -> None:
    seed(access, phone_hash_key=KEY)
    rice = next(
        record for record in sample.read(phone_hash_key=KEY).records if record.collection == "ingredients"
    )
    twin = rice._replace(document={**rice.document, "_id": "another-key"})

    (written,) = store(CloudApi(access), [twin])

    assert written.fate == "refused"
    assert "E11000" in written.reason


@pytest.fixture
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where imports are noted."""
    monkeypatch.setattr("dataio.journal.TOP", tmp_path / "imports")
    return tmp_path / "imports" / "data-test"


@pytest.mark.skipif(not PREDECESSOR.is_dir(), reason="the predecessor's documents are not on this machine")
def test_the_predecessors_documents_are_imported_once_read_back_and_taken_back(
    command: Command, access: Access, tmp_path: Path, journals: Path
) -> None:
    command("apply")
    command("load")
    before = documents_of(access)
    apply = ("--apply", "--folder", str(tmp_path / "backups"))

    code, dry = command("import", str(PREDECESSOR))
    _, applied = command("import", str(PREDECESSOR), *apply)
    _, again = command("import", str(PREDECESSOR), *apply)

    assert (code, dry["verified"], dry["import"]) == (0, None, applied["import"])
    assert sum(sum(counts.values()) for counts in dry["files"].values()) == 258
    assert (applied["documents"], applied["sums"]) == (dry["documents"], dry["sums"])
    assert (applied["verified"], applied["stored"]["products"]) == (True, {"as stated": 3})
    assert dry["sums"] == {"priceFen": 6750, "onHand": 850}
    assert {fate for counts in again["documents"].values() for fate in counts} == {"kept", "unchanged"}
    assert [path.name for path in journals.iterdir()] == [applied["import"]]

    _, planned = command("rollback", applied["import"])
    assert documents_of(access) != before
    code, taken = command("rollback", applied["import"], "--apply")

    assert (code, planned["applied"], taken["applied"]) == (0, False, True)
    assert documents_of(access) == before
    assert command("verify", applied["backup"], "--folder", str(tmp_path / "backups"))[0] == 0


def documents_of(access: Access) -> dict[str, list[dict[str, Any]]]:
    """Return all documents, by collection."""
    api = CloudApi(access)
    return {
        name: api.run([{"find": name, "filter": {}, "sort": {"_id": 1}, "limit": 1000}])[0]
        for name in COLLECTIONS
    }


@pytest.mark.usefixtures("command")
def test_an_import_that_nobody_made_is_not_taken_back(
    journals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not journals.exists()
    assert run(["rollback", "0123456789ab", "--apply"], description="") == 2
    assert "There are: none." in capsys.readouterr().err


def test_what_is_refused_is_named_and_makes_the_command_fail(
    command: Command, tmp_path: Path, journals: Path
) -> None:
    command("apply")
    source = tmp_path / "source"
    source.mkdir()
    (source / "recipes.json").write_text('[{"recipeId": "r_1", "name": "汤"}]', encoding="utf-8")
    errors = tmp_path / "errors.csv"

    code, report = command(
        "import", str(source), "--apply", "--folder", str(tmp_path / "backups"), "--errors", str(errors)
    )

    assert (code, journals.exists()) == (1, True)
    line = {"file": "recipes", "name": "#1 r_1 汤", "what": "refused"}
    assert report["lines"] == [{**line, "why": "carbonComparison.veganCarbon is not a number"}]
    assert errors.read_text("utf-8-sig").splitlines() == [
        "file,record,what,why",
        "recipes,#1 r_1 汤,refused,carbonComparison.veganCarbon is not a number",
    ]


def test_a_dry_run_needs_no_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("CLOUD_API_ENDPOINT", "TCB_ENV", "TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("dataio.access.LOCAL", tmp_path / "absent.json")

    assert run(["import", str(tmp_path)], description="") == 0
    assert "Dry run, nothing was changed." in capsys.readouterr().out
    assert run(["import", str(tmp_path), "--apply"], description="") == 2
    assert "python3 scripts/dev.py" in capsys.readouterr().err


def test_reports_for_people_name_what_is_not_as_it_was(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = {"category": "fruits", "carbonFootprint": 0.5, "status": "active"}
    foods = [{"name": "桃子", **plain}, {"name": "蜂蜜", "extra": 1, **plain}, {"name": "怪果"}]
    (tmp_path / "ingredients.json").write_text(json.dumps(foods), encoding="utf-8")
    command("apply")

    assert run(["import", str(tmp_path)], description="") == 1

    said = capsys.readouterr().out
    assert "ingredients: 1 accepted, 1 repaired, 1 refused" in said
    assert "repaired: #2 蜂蜜: contains honey: added from the name" in said
    assert "refused: #3 怪果: category is not a text" in said
    assert "left behind, no place here: extra (1)" in said
    assert "Dry run, nothing was changed." in said


def test_a_temporary_failure_is_retried_and_a_lasting_one_is_not(access: Access) -> None:
    waits: list[float] = []
    unreachable = CloudApi(access._replace(endpoint="http://127.0.0.1:9"), sleep=waits.append)
    refusing = CloudApi(access._replace(secret_key="wrong"), sleep=waits.append)

    with pytest.raises(CloudError, match="ClientNetworkError"):
        unreachable.collections()
    assert unreachable.calls == 5
    assert waits == sorted(waits)
    assert len(waits) == 4
    with pytest.raises(CloudError, match="AuthFailure"):
        refusing.collections()
    assert refusing.calls == 1


def test_a_refusal_inside_a_reply_is_an_error_too(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    item = {"n": 0, "writeErrors": [{"code": 11000, "errmsg": "E11000 duplicate key error"}]}
    reply = {"Response": {"Data": [json.dumps([json.dumps(item)])]}}
    monkeypatch.setattr("dataio.cloudapi.TcbClient.call_json", lambda *_: reply)

    with pytest.raises(CloudError, match="E11000") as refused:
        CloudApi(access).run([{"insert": "users", "documents": [{"_id": "a"}]}])
    assert refused.value.is_duplicate


def test_a_reply_that_lacks_some_answers_is_an_error(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataio.cloudapi.TcbClient.call_json", lambda *_: {"Response": {"Data": None}})

    with pytest.raises(CloudError, match="1 commands got 0 replies"):
        CloudApi(access).run([{"find": "users", "filter": {}}])


def test_the_shipped_schemas_agree_with_the_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "--check"], description="") == 0
    assert capsys.readouterr().out.strip() == "Every definition, and the README, agrees with the models."
