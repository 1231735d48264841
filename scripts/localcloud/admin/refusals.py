"""Why the `/admin` door refuses, by the codes that its clients know."""

from typing import Any

from localcloud.engine import EngineError

_NO_COLLECTION = 26


class Refused(Exception):
    """A refusal; *code* is one of the SDKs' error names."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def reply(self) -> dict[str, Any]:
        """Return the refusal as it is sent."""
        return {"code": self.code, "message": self.message}


def from_engine(error: EngineError) -> Refused:
    """Return *error* as the SDKs are told of it."""
    if error.code == _NO_COLLECTION:
        return Refused("DATABASE_COLLECTION_NOT_EXIST", error.message)
    return Refused("DATABASE_REQUEST_FAILED", f"({error.code_name}) {error.message}")
