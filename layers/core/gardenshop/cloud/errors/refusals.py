"""The root of all errors, and what a caller can do something about."""

from typing import Any, ClassVar


class AppError(Exception):
    """The root: a refusal or a fault with a number, a name and a sentence for people."""

    code: ClassVar[int] = 50000
    error: ClassVar[str] = "INTERNAL"
    text: ClassVar[str] = "系统开小差了，请稍后再试"

    def __init__(self, text: str | None = None, **details: Any) -> None:
        """Say it in *text* (Chinese, for people) with *details* (camelCase, for programs)."""
        super().__init__(text or self.text)
        self.message = text or self.text
        self.details = details


class Refusal(AppError):
    """The caller can do something about it."""


class InvalidRequest(Refusal):
    code = 40000
    error = "INVALID_REQUEST"
    text = "请求参数有误"


class Forbidden(Refusal):
    code = 40300
    error = "FORBIDDEN"
    text = "没有权限执行该操作"


class NotFound(Refusal):
    code = 40400
    error = "NOT_FOUND"
    text = "没有找到相关内容"


class TooLarge(Refusal):
    code = 41300
    error = "PAYLOAD_TOO_LARGE"
    text = "提交的内容过大"


class Conflict(Refusal):
    code = 40900
    error = "CONFLICT"
    text = "当前状态不允许该操作"


class SignedOut(Refusal):
    code = 40100
    error = "SIGNED_OUT"
    text = "请先登录"


class CodeRefused(Refusal):
    code = 40101
    error = "CODE_REFUSED"
    text = "登录码不对或已失效，请重新获取"
