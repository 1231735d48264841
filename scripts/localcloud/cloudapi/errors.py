"""What the Cloud API answers when it refuses: a code of the platform and a message."""

from localcloud.engine import EngineError

_BY_ENGINE_CODE = {
    26: "ResourceNotFound.Table",
    48: "ResourceUnavailable.ResourceExist",
    85: "ResourceUnavailable.IndexOptionsConflict",
    86: "ResourceUnavailable.IndexOptionsConflict",
}
_DUPLICATE_KEY = 11000


class ApiError(Exception):
    """A refusal: *code* is one of the platform's error codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def from_engine(error: EngineError) -> ApiError:
    """Return *error* as the platform reports it: everything without a code of its own is FailedOperation."""
    code = _BY_ENGINE_CODE.get(error.code, "FailedOperation")
    if error.code == _DUPLICATE_KEY:
        return ApiError(code, error.message)
    return ApiError(code, f"({error.code_name}) {error.message}")
