"""Everything that can go wrong, as facts with stable names.

    AppError
    ├── Refusal                 the caller can do something about it
    │   ├── InvalidRequest      a field is missing, unknown or malformed
    │   ├── TooLarge            the event is over the gateway's limit
    │   ├── Forbidden           this kind of caller, or this role, may not do it
    │   ├── NotFound            no such thing, or not the caller's
    │   └── Conflict            the present state does not allow it
    │       ├── OutOfStock          fewer units are available than asked for
    │       ├── TotalChanged        the total is not the one the member saw
    │       ├── NothingToBuy        no selected line can be bought
    │       ├── IllegalTransition   the order's state does not allow the event
    │       ├── NotEnoughPoints     the book holds fewer points than asked for
    │       ├── CartFull            the cart holds as many lines as it may
    │       ├── CoolingDown         too soon after the last time
    │       ├── CouponUnusable      the coupon cannot be used for these goods, or not any more
    │       ├── OfferGone           a promotion in the price has nothing left to give
    │       ├── CouponGone          every copy of the coupon has been claimed
    │       ├── ClaimLimit          the member has had all the copies she may have
    │       ├── DailyLimit          the caps of the day allow no more of it
    │       ├── NotClaimable        copies of the coupon are not given now, or not to her
    │       ├── TermsFixed          a campaign that members know keeps its terms
    │       ├── WithdrawalOpen      another withdrawal waits to be paid
    │       ├── NotEnoughCommission less is settled than is to be withdrawn
    │       ├── WithdrawalGone      the withdrawal was paid, refused or taken back
    │       ├── SceneLocked         the garden has not grown far enough for the plant's scene
    │       ├── TooManyMeals        as many meals of the day are recorded as may be
    │       ├── FormNotForAge       the questionnaire is meant for another age
    │       ├── BackupDamaged       the backup is not as it was written, or the key is another
    │       ├── ErasureBlocked      something of the account has to be settled before it can be erased
    │       ├── AccountClosing      the account is being erased just now
    │       ├── NothingToRevoke     no erasure was asked for, or it has begun
    │       └── PhoneTaken          another account owns the phone number
    └── Fault                   the caller can only try again, or tell us
        ├── Internal            a bug of ours
        └── Unavailable         try again: nothing is lost by doing so
            ├── Busy                too many operations on one document just now
            ├── UpstreamUnavailable WeChat did not answer
            ├── DatabaseUnavailable the database did not answer; a write may have been applied
            └── StorageUnavailable  COS did not answer, or refused; a file may have been written

`DatabaseRejected` (an `Internal`) and its `DuplicateKey` are raised by adapters; `Database`
turns duplicates into results, so no function ever sees them.

The five-digit `code` starts with the HTTP status that says the same.
"""

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


class OutOfStock(Conflict):
    code = 40901
    error = "OUT_OF_STOCK"
    text = "库存不足"


class TotalChanged(Conflict):
    code = 40902
    error = "TOTAL_CHANGED"
    text = "金额有变化，请确认后重新提交"


class IllegalTransition(Conflict):
    code = 40903
    error = "ILLEGAL_TRANSITION"
    text = "订单当前状态不支持该操作"


class NothingToBuy(Conflict):
    code = 40904
    error = "NOTHING_TO_BUY"
    text = "没有可以购买的商品"


class NotEnoughPoints(Conflict):
    code = 40905
    error = "NOT_ENOUGH_POINTS"
    text = "积分不足"


class CartFull(Conflict):
    code = 40906
    error = "CART_FULL"
    text = "购物车已满，请先清理"


class CoolingDown(Conflict):
    code = 40907
    error = "COOLING_DOWN"
    text = "刚刚操作过，请稍后再来"


class PhoneTaken(Conflict):
    code = 40908
    error = "PHONE_TAKEN"
    text = "该手机号已绑定其他账号"


class CouponUnusable(Conflict):
    code = 40914
    error = "COUPON_UNUSABLE"
    text = "该优惠券不可用"


class OfferGone(Conflict):
    code = 40915
    error = "OFFER_GONE"
    text = "优惠已抢完，请确认新的金额"


class CouponGone(Conflict):
    code = 40916
    error = "COUPON_GONE"
    text = "优惠券已领完"


class ClaimLimit(Conflict):
    code = 40917
    error = "CLAIM_LIMIT"
    text = "已达到领取上限"


class DailyLimit(Conflict):
    code = 40918
    error = "DAILY_LIMIT"
    text = "今日已达上限，请明天再来"


class NotClaimable(Conflict):
    code = 40921
    error = "NOT_CLAIMABLE"
    text = "该优惠券现在不能领取"


class TermsFixed(Conflict):
    code = 40922
    error = "TERMS_FIXED"
    text = "已上线的活动只能修改数量、时间与状态"


class WithdrawalOpen(Conflict):
    code = 40924
    error = "WITHDRAWAL_OPEN"
    text = "已有一笔提现在处理中"


class NotEnoughCommission(Conflict):
    code = 40925
    error = "NOT_ENOUGH_COMMISSION"
    text = "可提现佣金不足"


class WithdrawalGone(Conflict):
    code = 40926
    error = "WITHDRAWAL_GONE"
    text = "这笔提现已处理或已撤回"


class SceneLocked(Conflict):
    code = 40933
    error = "SCENE_LOCKED"
    text = "这个场景还没有解锁"


class FormNotForAge(Conflict):
    code = 40931
    error = "FORM_NOT_FOR_AGE"
    text = "这份问卷只用于 65 岁及以上；请先在资料里填写出生年份"


class TooManyMeals(Conflict):
    code = 40930
    error = "TOO_MANY_MEALS"
    text = "这一天已经记录了很多餐"


class BackupDamaged(Conflict):
    code = 40956
    error = "BACKUP_DAMAGED"
    text = "备份已损坏，或密钥不符"


class ErasureBlocked(Conflict):
    code = 40959
    error = "ERASURE_BLOCKED"
    text = "账号还有未了结的事项，暂时不能注销"


class AccountClosing(Conflict):
    code = 40960
    error = "ACCOUNT_CLOSING"
    text = "账号正在注销，请稍后再来"


class NothingToRevoke(Conflict):
    code = 40961
    error = "NOTHING_TO_REVOKE"
    text = "没有可以撤回的注销申请"


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
