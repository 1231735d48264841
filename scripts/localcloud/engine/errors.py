"""The engine's one exception, with MongoDB's own error codes and names."""

from typing import Any

_NAMES = {
    2: "BadValue",
    9: "FailedToParse",
    14: "TypeMismatch",
    15: "Overflow",
    16: "InvalidLength",
    26: "NamespaceNotFound",
    27: "IndexNotFound",
    28: "PathNotViable",
    40: "ConflictingUpdateOperators",
    48: "NamespaceExists",
    52: "DollarPrefixedFieldName",
    53: "InvalidIdField",
    54: "NotSingleValueField",
    56: "EmptyFieldName",
    59: "CommandNotFound",
    66: "ImmutableField",
    67: "CannotCreateIndex",
    72: "InvalidOptions",
    73: "InvalidNamespace",
    85: "IndexOptionsConflict",
    86: "IndexKeySpecsConflict",
    146: "ExceededMemoryLimit",
    168: "InvalidPipelineOperator",
    171: "CannotIndexParallelArrays",
    238: "NotImplemented",
    241: "ConversionFailure",
    10334: "BSONObjectTooLarge",
    11000: "DuplicateKey",
}


class EngineError(Exception):
    """A command that failed as MongoDB would fail it, or that the engine refuses by name (code 238)."""

    def __init__(
        self, code: int, code_name: str, message: str, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.code_name = code_name
        self.message = message
        self.details = details or {}


def error(code: int, message: str, **details: Any) -> EngineError:
    """Build the error of *code*; codes without a name are called LocationN, as MongoDB does."""
    return EngineError(code, _NAMES.get(code, f"Location{code}"), message, details)


def unsupported(what: str) -> EngineError:
    """Build the refusal of something that MongoDB knows and this engine does not."""
    return error(238, f"{what} is not supported by the local CloudBase")
