"""What a cold start must not pay for."""

import subprocess
import sys
from pathlib import Path

CORE = Path(__file__).parents[3] / "layers" / "core"

BUILD_A_MODEL = """
import sys
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
from gardenshop.cloud import entry
from gardenshop.models.traits import Media
Media.model_validate({"cover": "https://example.org/tofu.jpg"})
print(*sorted(set(sys.modules) - before))
"""


def test_building_a_model_looks_for_no_plugins_and_loads_nothing_heavy() -> None:
    command = [sys.executable, "-c", BUILD_A_MODEL, str(CORE)]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert "gardenshop.models.traits" in loaded
    assert not {"importlib.metadata", "ssl", "http.client", "requests", "cryptography"} & set(loaded)
