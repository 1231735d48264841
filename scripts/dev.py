"""The local CloudBase: serve it until Ctrl-C, or play the demo journey on one of its own.

python3 scripts/dev.py          serve, with the data in .local/
python3 scripts/dev.py demo     watch two members walk the whole loop; nothing is left behind
"""

import bootstrap  # isort: skip  # Before all others: it answers a Python that is too old.

import argparse
import contextlib
import http.client
import json
import secrets
import shlex
import shutil
import signal
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localcloud.server import LocalCloud

DATA = bootstrap.ROOT / ".local" / "data"
ACCESS = bootstrap.ROOT / ".local" / "localcloud.json"
PORT = 8787

WELCOME = """\
Local CloudBase   {url}   (environment {env}; open it in a browser)

  functions   POST {url}/functions/<name>
  routes       ANY {url}/http/<path>
  timers      POST {url}/timers/<function>   ({timers})
  logs         GET {url}/logs?follow=1
  Cloud API   POST {url}/   (its keys are in {access})

Call a function as a member:

  curl {url}/functions/login -H "X-Local-Openid: o-mint" -H "Content-Type: application/json" -d "{{}}"

Changed functions are picked up by themselves. Ctrl-C stops.
"""

TOOLS = """
The official command line (npm install -g @cloudbase/cli) comes here from a shell in which you say:

{lines}
"""


def main() -> int:
    """Serve or play, whatever was asked for; the exit code."""
    options = _parse()
    bootstrap.enter()
    from dataio.seed import SeedError  # noqa: PLC0415  # They are importable only from here on.
    from localcloud.server import StartError  # noqa: PLC0415

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        return _demo(options) if options.action == "demo" else _serve(options)
    except StartError as error:
        sys.exit(f"The local CloudBase cannot start: {error}")
    except SeedError as error:
        sys.exit(f"The sample data cannot be stored, {error}: start with --reset to begin anew.")
    except KeyboardInterrupt:
        return 130 if options.action == "demo" else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "action", nargs="?", choices=["serve", "demo"], default="serve", help="default: serve"
    )
    parser.add_argument("--port", type=int, help=f"where to listen (serve: {PORT}, demo: any free port)")
    parser.add_argument("--reset", action="store_true", help="forget the data of former runs first")
    parser.add_argument(
        "--timers", action=argparse.BooleanOptionalAction, help="let timers fire (serve: yes, demo: no)"
    )
    parser.add_argument(
        "--deployed", action="store_true", help="serve what was deployed to it, not the working tree"
    )
    parser.add_argument(
        "--tencent-hosts",
        action="store_true",
        help="answer for Tencent's hosts too, and say how tools get here",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    return parser.parse_args()


def _serve(options: argparse.Namespace) -> int:
    """Serve until a signal comes; what is stored is there again at the next start."""
    _refuse_a_second_one()
    if options.reset:
        shutil.rmtree(DATA, ignore_errors=True)
    port = PORT if options.port is None else options.port
    timers = options.timers is not False
    modes = {"timers": timers, "deployed": options.deployed, "tencent_hosts": options.tencent_hosts}
    with running(DATA, port=port, **modes) as cloud, _access_file(cloud):
        if options.json:
            print(json.dumps(_told(cloud)), flush=True)
        else:
            on = "they fire by themselves" if timers else "only by hand"
            text = WELCOME.format(
                url=cloud.url, env=cloud.env, timers=on, access=ACCESS.relative_to(bootstrap.ROOT)
            )
            print(text + _tools(cloud), flush=True)
        while True:
            time.sleep(1)  # On Windows, waiting without an end would not let Ctrl-C through.


def _told(cloud: "LocalCloud") -> dict[str, Any]:
    """Return what a program is told that started the cloud."""
    told = {"url": cloud.url, "envId": cloud.env, "access": str(ACCESS)}
    return {**told, "environment": _environment(cloud)} if cloud.tencent else told


def _tools(cloud: "LocalCloud") -> str:
    """Return what to paste into a shell of its own to use the official tools there."""
    if cloud.tencent is None:
        return ""
    keys = cloud.credentials
    lines = [f"export {name}={shlex.quote(value)}" for name, value in _environment(cloud).items()]
    lines.append(f"tcb login --apiKeyId {keys.secret_id} --apiKey {keys.secret_key} </dev/null")
    return TOOLS.format(lines="\n".join(f"  {line}" for line in lines))


def _environment(cloud: "LocalCloud") -> dict[str, str]:
    """Return the variables of a shell whose official tools come here; its home keeps their own log-in."""
    home = DATA / "home"
    home.mkdir(parents=True, exist_ok=True)
    found = cloud.tencent.environment() if cloud.tencent else {}
    return {"HOME": str(home), "ENV_ID": cloud.env, **found}


def _demo(options: argparse.Namespace) -> int:
    """Play the journey in a cloud that leaves nothing behind."""
    from demo import play  # noqa: PLC0415  # It needs what enter() has set up.

    with tempfile.TemporaryDirectory(prefix="garden-shop-", ignore_cleanup_errors=True) as folder:
        timers = bool(options.timers)
        with running(Path(folder), port=options.port or 0, timers=timers) as cloud:
            return play(cloud, as_json=options.json)


def _interrupt(*_: object) -> None:
    """Begin to stop, once: an impatient second Ctrl-C must not leave processes behind."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextlib.contextmanager
def running(data: Path, *, port: int = 0, **modes: Any) -> Iterator["LocalCloud"]:
    """Run a cloud that has the collections and the sample documents; what *data* holds already stays.

    *modes* are those of LocalCloud: timers, deployed, tencent_hosts.
    """
    from dataio.cloudapi import Access  # noqa: PLC0415  # As above.
    from dataio.seed import seed  # noqa: PLC0415
    from localcloud.server import LocalCloud  # noqa: PLC0415

    key = phone_hash_key(data)
    settings = {"PHONE_HASH_KEY": key}
    with LocalCloud(bootstrap.ROOT, data=data, port=port, settings=settings, **modes) as cloud:
        keys = cloud.credentials
        seed(Access(cloud.url, cloud.env, keys.secret_id, keys.secret_key), phone_hash_key=key)
        yield cloud


def phone_hash_key(data: Path) -> str:
    """Return the key of the phone hashes stored in *data*; the first call makes it."""
    path = data / "phone.key"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32), encoding="ascii")
        draft.replace(path)
    return path.read_text("ascii")


@contextlib.contextmanager
def _access_file(cloud: "LocalCloud") -> Iterator[None]:
    """Tell other scripts where the cloud is, and its keys, while it runs; only its owner can read them."""
    keys = {
        "secretId": cloud.credentials.secret_id,
        "secretKey": cloud.credentials.secret_key,
        "phoneHashKey": phone_hash_key(DATA),
    }
    ACCESS.unlink(missing_ok=True)
    ACCESS.touch(mode=0o600)
    access = json.dumps({"url": cloud.url, "envId": cloud.env, **keys}, indent=2)
    ACCESS.write_text(access + "\n", encoding="utf-8")
    try:
        yield
    finally:
        ACCESS.unlink(missing_ok=True)


def _refuse_a_second_one() -> None:
    """Leave when a cloud serves this data already; the access file of a killed one does not count."""
    if not ACCESS.exists():
        return
    url = json.loads(ACCESS.read_text("utf-8"))["url"]
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=2)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/healthz")
        if connection.getresponse().status == http.client.OK:
            sys.exit(
                f"The local CloudBase runs already, at {url}: stop that one first (Ctrl-C where it runs)."
            )


if __name__ == "__main__":
    sys.exit(main())
