"""What scripts/typings.py writes: it compiles, it refuses what is wrong, and real replies fit it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from clients import catalogue, openapi, typescript
from functions.events import CALLERS, VALID, furnished
from harness import ROOT, Shop, function

ENTRIES = catalogue.read(ROOT)
NAMES = [entry.name for entry in ENTRIES]
NODE_PACKAGES = ("typescript@5", "miniprogram-api-typings@5")
STRICT = [
    "--noEmit",
    "--strict",
    "--target",
    "es2020",
    "--module",
    "es2020",
    "--lib",
    "es2020",
    "--moduleResolution",
    "bundler",
    "--types",
    "miniprogram-api-typings",
]
USE = """
import { call, clientToken, CallError } from "./call";
export async function buy(): Promise<string> {
  const line = await call("cart_add", { skuId: "millet-500g", quantity: 2, clientToken: clientToken() });
  try {
    const placed = await call("checkout", { clientToken: clientToken(), expectedTotalFen: 100 });
    return `${line.skuId} ${placed.orderNo}`;
  } catch (error) {
    if (error instanceof CallError && error.error === "OUT_OF_STOCK") return error.message;
    throw error;
  }
}
"""
WRONG = {
    "a field that is not there": 'import { call } from "./call"; call("cart_add", { sku: "x" });',
    "a function that is not there": 'import { call } from "./call"; call("cart_ad", {});',
    "a field that is missing": 'import { call } from "./call"; call("order_cancel", {});',
    "an error that is not there": (
        'import { CallError } from "./call"; export const f = (e: CallError) => e.error === "NO_SUCH";'
    ),
    "data of a refusal": ('export const f = (r: CloudFunctions.Reply<"order_cancel">) => r.data;'),
}


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("typings")
    command = [sys.executable, str(ROOT / "scripts/typings.py"), "--out", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["functions"] == len(ENTRIES)
    assert [Path(file).name for file in told["files"]] == ["cloud-functions.d.ts", "call.ts", "openapi.json"]
    return folder


@pytest.fixture(scope="module", name="tsc")
def _tsc(folder: Path) -> Path:
    """Install the compiler beside the files, where there is npm and a registry."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not on this machine")
    install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), *NODE_PACKAGES]
    if subprocess.run(install, capture_output=True, check=False, timeout=300).returncode:
        pytest.skip("the TypeScript compiler cannot be installed here")
    return folder / "node_modules/.bin/tsc"


def compiled(tsc: Path, folder: Path, code: str) -> "subprocess.CompletedProcess[str]":
    (folder / "use.ts").write_text(code, encoding="utf-8")
    command = [str(tsc), *STRICT, "cloud-functions.d.ts", "use.ts"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


def test_a_program_that_calls_rightly_compiles(tsc: Path, folder: Path) -> None:
    done = compiled(tsc, folder, USE)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("code", WRONG.values(), ids=WRONG)
def test_a_program_that_calls_wrongly_does_not(tsc: Path, folder: Path, code: str) -> None:
    assert "error TS" in compiled(tsc, folder, code).stdout


def test_every_function_and_every_error_is_declared() -> None:
    text = typescript.declarations(ENTRIES)

    for entry in ENTRIES:
        assert f"  /** {entry.about} */\n  namespace {entry.name} {{" in text
    for error in catalogue.errors():
        assert f"`{error.name}`（{error.code}）：{error.text}" in text


def test_only_faults_are_tried_again() -> None:
    again = {error.name for error in catalogue.errors() if error.transient}

    assert {"BUSY", "INTERNAL"} <= again
    assert not again & {"OUT_OF_STOCK", "INVALID_REQUEST", "FORBIDDEN", "CONFLICT"}


@pytest.fixture(scope="module", name="shop")
def _shop() -> Iterator[Shop]:
    with furnished() as shop:
        yield shop


@pytest.mark.parametrize("name", NAMES)
def test_a_real_reply_fits_what_is_promised(shop: Shop, name: str) -> None:
    document = openapi.document(ENTRIES)
    operation = document["paths"][f"/functions/{name}"]["post"]
    promised = operation["responses"]["200"]["content"]["application/json"]["schema"]
    asked = operation["requestBody"]["content"]["application/json"]["schema"]
    event = VALID[name]
    reply: Any = shop.call(name, event, openid=CALLERS[function(name).main.caller])

    check(document, asked, event)
    check(document, promised, reply)
    assert not Draft202012Validator(whole(document, promised)).is_valid({**reply, "code": "0"})


def check(document: dict[str, Any], schema: dict[str, Any], instance: Any) -> None:
    Draft202012Validator.check_schema(whole(document, schema))
    Draft202012Validator(whole(document, schema)).validate(instance)


def whole(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "components": document["components"]}
