"""A local cloud in use: a member who shops, and a host of functions whose instances can be ended at will."""

import itertools
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import httpx

from bootstrap import ROOT
from dataio.cloudapi import Access
from dev import phone_hash_key, running
from gardenshop.cloud.database import Database, Document
from gardenshop.cloud.runcommands import RunCommands
from gardenshop.cloud.settings import Settings
from gardenshop.cloud.tc3 import Credentials
from localcloud.cloudapi.cloud import Cloud
from localcloud.cloudapi.commands import run_commands
from localcloud.cloudapi.endpoint import PRODUCTS
from localcloud.functions import FunctionHost, Invocation, Launcher, member
from localcloud.server import LocalCloud
from localcloud.wechat import WeChatStandIn

MEMBER = "o-bench"
GOODS = ("jujube-500g", "millet-500g", "oat-flakes-1kg", "soy-sauce-500ml", "shiitake-dried-150g")
"""SKUs of the sample with hundreds of units, each of a product of its own."""

_TIMEOUT = 30.0
_PATIENCE = 60.0
ADDRESS = {
    "addressId": "home",
    "name": "林小满",
    "phone": "13900000001",
    "province": "浙江省",
    "city": "杭州市",
    "detail": "文三路 8 号",
    "isDefault": True,
}


class Surprise(Exception):
    """A function did not answer as it must, so there is nothing to measure."""


class Meter:
    """Counts the calls of RunCommands where the local cloud takes them in."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        return run_commands(cloud, body)


class Order(NamedTuple):
    """An order that waits for payment."""

    number: str
    payment: Document


class Stage:
    """What the measurements play on; every call does what it must or raises Surprise.

    *file* is the database that the cloud keeps its documents in.
    """

    def __init__(
        self, cloud: LocalCloud, host: FunctionHost, http: httpx.Client, meter: Meter, file: Path
    ) -> None:
        self.cloud = cloud
        self.host = host
        self.meter = meter
        self.file = file
        self._http = http
        self._tokens = itertools.count(1)

    def invoke(self, name: str, event: Document, *, error: str | None = None) -> Invocation:
        """Call *name* as the member, by a warm instance if there is one; *error* is the refusal expected."""
        invocation = self.host.invoke(name, event, member(MEMBER))
        if invocation.failure is not None:
            raise Surprise(f"{name}: {invocation.failure}")
        if invocation.reply.get("error") != error:
            raise Surprise(f"{name}: {invocation.payload.decode()[:300]}")
        return invocation

    def call(self, name: str, event: Document | None = None) -> Document:
        """Call *name* as the member and return the reply's data."""
        data: Document = self.invoke(name, event or {}).reply["data"]
        return data

    def post(self, path: str, body: Document) -> Document:
        """Post *body* to the local cloud and return the JSON of its reply."""
        reply: Document = self._http.post(path, json=body).raise_for_status().json()
        return reply

    def token(self) -> str:
        """Return a client token that was never used."""
        return f"bench-{next(self._tokens):06}"

    def wish(self, *sku_ids: str) -> Document:
        """Return the event of a checkout of one unit of each SKU."""
        wanted = {"lines": [{"skuId": sku_id, "quantity": 1} for sku_id in sku_ids]}
        total = self.call("checkout_preview", wanted)["payableFen"]
        return {**wanted, "expectedTotalFen": total, "clientToken": self.token()}

    def unpaid(self, *sku_ids: str) -> str:
        """Order one unit of each SKU and return the order's number."""
        return str(self.call("checkout", self.wish(*sku_ids))["orderNo"])

    def order(self, *sku_ids: str) -> Order:
        """Order one unit of each SKU and open the payment."""
        number = self.unpaid(*sku_ids)
        return Order(number, self.call("order_pay", {"orderNo": number})["payment"])

    def pay(self, order: Order) -> None:
        """Pay in WeChat, which sends its notice and waits for the answer."""
        self.post("/_wechat/pay", {"fields": order.payment})

    def access(self) -> Access:
        """Return how scripts reach the cloud."""
        keys = self.cloud.credentials
        return Access(self.cloud.url, self.cloud.env, keys.secret_id, keys.secret_key)

    def database(self) -> Database:
        """Return the database as a function sees it."""
        settings = Settings.read({"TCB_ENV": self.cloud.env, "CLOUD_API_ENDPOINT": self.cloud.url})
        keys = self.cloud.credentials
        credentials = Credentials(keys.secret_id, keys.secret_key, keys.session_token)
        return Database(RunCommands(settings, credentials, deadline=_PATIENCE + time.monotonic()))


@contextmanager
def metered() -> Iterator[Meter]:
    """Count the calls of RunCommands of every cloud of this process."""
    meter = Meter()
    with patch.dict(PRODUCTS["tcb"]["2018-06-08"], RunCommands=meter):
        yield meter


@contextmanager
def open_stage(meter: Meter) -> Iterator[Stage]:
    """Open a stage that leaves nothing behind."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        cloud = stack.enter_context(running(folder / "cloud"))
        launcher = Launcher(
            ROOT,
            folder / "host",
            endpoint_url=lambda: cloud.url,
            overrides=_settings(folder / "cloud", cloud.url),
            clock=cloud.clock,
        )
        host = FunctionHost(
            launcher, credentials=cloud.credentials, work_dir=folder / "host", clock=cloud.clock
        )
        stack.enter_context(closing(host))
        http = stack.enter_context(httpx.Client(base_url=cloud.url, timeout=_TIMEOUT, trust_env=False))
        stage = Stage(cloud, host, http, meter, folder / "cloud" / "database.sqlite")
        _move_in(stage)
        yield stage


def _settings(data: Path, url: str) -> dict[str, str]:
    """Return what the functions of the cloud at *url*, whose data is in *data*, are told of WeChat."""
    with closing(WeChatStandIn(data / "wechat")) as wechat:
        return {**wechat.settings(url), "PHONE_HASH_KEY": phone_hash_key(data)}


def _move_in(stage: Stage) -> None:
    """Let the member log in, tell her address and put goods into her cart."""
    stage.call("login")
    stage.call("profile_update", {"nickname": "小满", "saveAddress": ADDRESS})
    for sku_id in GOODS[:2]:
        stage.call("cart_add", {"skuId": sku_id})
