"""What the present state does not allow."""

from gardenshop.cloud.errors.refusals import Conflict


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


class AccountFrozen(Conflict):
    code = 40940
    error = "ACCOUNT_FROZEN"
    text = "账号已被冻结，请联系客服"


class Outdated(Conflict):
    code = 40941
    error = "OUTDATED"
    text = "内容刚刚被别人修改过，请刷新后重试"


class StockMoved(Conflict):
    code = 40942
    error = "STOCK_MOVED"
    text = "库存刚刚有变化，请刷新后重试"


class TokenUsed(Conflict):
    code = 40943
    error = "TOKEN_USED"
    text = "该请求编号已用于另一次操作"


class SkuTaken(Conflict):
    code = 40944
    error = "SKU_TAKEN"
    text = "该 SKU 编号已属于另一件商品"


class RuleUnchecked(Conflict):
    code = 40945
    error = "RULE_UNCHECKED"
    text = "请先校验：该版本还没有与当前生效的版本比较过"


class RuleReplaced(Conflict):
    code = 40946
    error = "RULE_REPLACED"
    text = "当前生效的版本刚刚有变化，请刷新后重试"


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
