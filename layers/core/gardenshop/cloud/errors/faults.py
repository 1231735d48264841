"""What the caller cannot help: she may try again, or tell us."""

from gardenshop.cloud.errors.refusals import AppError


class Fault(AppError):
    """The caller can only try again, or tell us."""


class Internal(Fault):
    """A bug of ours."""


class DatabaseRejected(Internal):
    """The database understood the command and refused it."""


class DuplicateKey(DatabaseRejected):
    """A unique key exists already."""


class Unavailable(Fault):
    """Try again: every call is safe to repeat."""

    code = 50300
    error = "UNAVAILABLE"
    text = "服务繁忙，请稍后重试"


class Busy(Unavailable):
    code = 50301
    error = "BUSY"


class UpstreamUnavailable(Unavailable):
    code = 50302
    error = "UPSTREAM_UNAVAILABLE"


class DatabaseUnavailable(Unavailable):
    code = 50303
    error = "DATABASE_UNAVAILABLE"


class StorageUnavailable(Unavailable):
    code = 50304
    error = "STORAGE_UNAVAILABLE"
