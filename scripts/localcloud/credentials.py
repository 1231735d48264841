"""The key pair of one local cloud: made at its first start, kept with its data, worth nothing elsewhere."""

import json
import secrets
import string
from dataclasses import asdict, dataclass
from pathlib import Path

_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Credentials:
    """A SecretId, its SecretKey, and the session token that functions get beside them."""

    secret_id: str
    secret_key: str
    session_token: str = ""

    @classmethod
    def generate(cls) -> "Credentials":
        """Return a new pair of the real one's shape."""
        return cls("AKID" + _random(32), _random(32), _random(64))

    @classmethod
    def load_or_create(cls, path: Path) -> "Credentials":
        """Return the pair kept in the file *path*; the first call makes it, readable by its owner only."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(path.name + ".new")
            draft.touch(mode=0o600)
            draft.write_text(json.dumps(asdict(cls.generate()), indent=2) + "\n", encoding="utf-8")
            draft.replace(path)
        return cls(**json.loads(path.read_text(encoding="utf-8")))


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
