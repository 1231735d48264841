"""A project of three functions and two layers that is deployed in a second."""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a secret that is told to nobody"

ENTRY = """
import os

from gardenshop.cloud.health import health_of

MEMBER, TIMER, HTTP = "member", "timer", "http"


def cloud_function(*, caller):
    def declare(action):
        def main(event, context):
            if event == {"health": True}:
                return {"code": 0, "data": vars(health_of(action))}
            return action(event)

        return main

    return declare
"""
MESSAGES = """
class Response:
    def __init__(self, **fields):
        self.__dict__.update(fields)
"""
INDEX = '''"""{name}: a function to deploy."""

import os

import kit
from gardenshop.cloud.entry import {caller}, cloud_function


@cloud_function(caller={caller})
def main(event):
    print("asked for", event.get("ask"))
    return {{"wish": {wish!r}, "key": os.environ.get("KEY"), "kit": kit.NAME, "event": event}}
'''
CALLERS = {"wish_add": "MEMBER", "shop_tick": "TIMER", "shop_hook": "HTTP"}


class Project:
    """The project in *root*."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def lay_out(self) -> None:
        """Write all of its files."""
        cloud = self.root / "layers" / "core" / "gardenshop" / "cloud"
        cloud.mkdir(parents=True)
        real = ROOT / "layers" / "core" / "gardenshop" / "cloud"
        shutil.copy(real / "health.py", cloud)
        (cloud / "entry.py").write_text(ENTRY, encoding="utf-8")
        (cloud / "messages.py").write_text(MESSAGES, encoding="utf-8")
        for name in CALLERS:
            self.write(name)
        self.configure()
        self._lock()

    def write(self, name: str, wish: str = "tofu") -> None:
        """Write the file of a function, which answers *wish*."""
        folder = self.root / "functions" / name
        folder.mkdir(parents=True, exist_ok=True)
        text = INDEX.format(name=name, caller=CALLERS[name], wish=wish)
        (folder / "index.py").write_text(text, encoding="utf-8")

    def configure(self, **changes: Any) -> None:
        """Write cloudbaserc.json, *changes* being made to every function."""
        extra: Mapping[str, Mapping[str, Any]] = {
            "wish_add": {"envVariables": {"TZ": "Asia/Shanghai", "KEY": "{{env.THE_KEY}}"}},
            "shop_tick": {
                "triggers": [{"name": "every_minute", "type": "timer", "config": "15 * * * * * *"}]
            },
            "shop_hook": {"path": "/hook"},
        }
        common = {
            "runtime": "Python3.10",
            "handler": "index.main",
            "timeout": 10,
            "memorySize": 256,
            "layers": [{"name": f"{alias}_{{{{env.ENV_ID}}}}", "version": 1} for alias in ("core", "kit")],
        }
        functions = [{"name": name, **common, **extra[name], **changes} for name in CALLERS]
        config = {"envId": "{{env.ENV_ID}}", "functionRoot": "./functions", "functions": functions}
        (self.root / "cloudbaserc.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")

    def _lock(self) -> None:
        """Write the lock of the layer kit, of one package that lies in a folder of wheels."""
        files = {
            "kit/__init__.py": 'NAME = "kit"\n',
            "kit/tests/test_kit.py": "",
            "kit/_kit.pyi": "",
            "kit-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: kit\nVersion: 1.0\n",
            "kit-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            "kit-1.0.dist-info/licenses/LICENSE": "as you like",
            "kit-1.0.dist-info/RECORD": "",
        }
        wheel = self.root / "wheels" / "kit-1.0-py3-none-any.whl"
        wheel.parent.mkdir()
        with zipfile.ZipFile(wheel, "w") as opened:
            for name, text in files.items():
                opened.writestr(name, text)
        folder = self.root / "layers" / "kit"
        folder.mkdir()
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lock = f"kit==1.0 ; python_full_version < '3.11' \\\n    --hash=sha256:{digest}\n"
        absent = f"newer==1.0 ; python_full_version >= '3.11' \\\n    --hash=sha256:{digest}\n"
        (folder / "requirements.txt").write_text(lock + absent, encoding="utf-8")

    def pip(self) -> dict[str, str]:
        """Return the settings of pip under which it knows these wheels alone."""
        return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": os.fspath(self.root / "wheels")}
