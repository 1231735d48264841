"""The doctor's probe: tells what it is started with, never a value of a variable, and tries calls."""

import hashlib
import hmac
import http.client
import json
import os
import sys
import time
import urllib.parse
from importlib import import_module
from typing import Any

from gardenshop.cloud.tc3 import Credentials, authorization

Event = dict[str, Any]
_NAMES = ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN")


def main(event: Event, context: Event) -> Event:
    """Answer the question of *event*; what a timer starts is told to the log."""
    asked = event.get("ask", "context")
    answer = ANSWERS[asked](event, context)
    if event.get("Type") == "Timer":
        print("probe " + json.dumps({**answer, "time": event.get("Time"), "event": sorted(event)}))
    return answer


def tell_context(_event: Event, context: Event) -> Event:
    environment = _environment(context)
    return {
        "context": sorted(context),
        "environment": sorted(environment),
        "environ": sorted(os.environ),
        "source": environment.get("TCB_SOURCE", ""),
        "python": sys.version.split()[0],
        "path": sys.path,
        "clock": time.strftime("%H:%M", time.gmtime()),
    }


def tell_layers(_event: Event, _context: Event) -> Event:
    mark = import_module("probe_mark")  # Of a layer that the doctor bound twice.
    return {"mark": mark.MARK, "file": mark.__file__}


def tell_size(event: Event, _context: Event) -> Event:
    return {"received": len(event.get("text", "")), "text": "x" * event.get("answer", 0)}


def call_database(event: Event, context: Event) -> Event:
    keys = _keys(context)
    endpoint = os.environ.get("CLOUD_API_ENDPOINT") or "https://tcb.tencentcloudapi.com"
    url = urllib.parse.urlsplit(endpoint)
    body = json.dumps({"EnvId": event["env"], "MgoCommands": event["commands"]}).encode()
    now = int(time.time())
    signed = authorization(keys, service="tcb", host=url.netloc, body=body, timestamp=now)
    headers = {
        "Authorization": signed,
        "Content-Type": "application/json",
        "Host": url.netloc,
        "X-TC-Action": "RunCommands",
        "X-TC-Version": "2018-06-08",
        "X-TC-Region": event["region"],
        "X-TC-Timestamp": str(now),
    }
    if keys.token:
        headers["X-TC-Token"] = keys.token
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.netloc, timeout=5)
    connection.request("POST", "/", body, headers)
    reply = json.loads(connection.getresponse().read())["Response"]
    return {"temporary": bool(keys.token), "error": reply.get("Error"), "data": reply.get("Data")}


def call_storage(event: Event, context: Event) -> Event:
    identity, key, token = _keys(context)
    host = f"{event['bucket']}.cos.{event['region']}.myqcloud.com"
    now = int(time.time())
    span = f"{now - 60};{now + 600}"
    sign_key = hmac.new(key.encode(), span.encode(), "sha1").hexdigest()
    request = f"get\n/\nmax-keys=1\nhost={host}\n"
    digest = hashlib.sha1(request.encode()).hexdigest()  # noqa: S324  # The storage's own signature.
    text = f"sha1\n{span}\n{digest}\n"
    signature = hmac.new(sign_key.encode(), text.encode(), "sha1").hexdigest()
    signed = (
        f"q-sign-algorithm=sha1&q-ak={identity}&q-sign-time={span}&q-key-time={span}"
        f"&q-header-list=host&q-url-param-list=max-keys&q-signature={signature}"
    )
    connection = http.client.HTTPSConnection(host, timeout=5)
    connection.request(
        "GET", "/?max-keys=1", headers={"Authorization": signed, "x-cos-security-token": token}
    )
    reply = connection.getresponse()
    return {"status": reply.status, "body": reply.read(200).decode("utf-8", "replace")}


def _environment(context: Event) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(context.get("environment") or "{}")
    except ValueError:
        return {}
    return found


def _keys(context: Event) -> Credentials:
    environment = _environment(context)
    return Credentials(*(environment.get(name) or os.environ.get(name, "") for name in _NAMES))


ANSWERS = {
    "context": tell_context,
    "layers": tell_layers,
    "size": tell_size,
    "database": call_database,
    "storage": call_storage,
}
