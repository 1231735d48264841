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
    │       ├── AccountFrozen       the caller's account is frozen
    │       ├── Outdated            somebody else has changed it since it was read
    │       ├── StockMoved          the stock does not allow the entry, or not any more
    │       ├── TokenUsed           the token stands for another deed
    │       ├── SkuTaken            another product has the SKU
    │       ├── RuleUnchecked       a version goes live only after it was validated against the live one
    │       ├── RuleReplaced        another version of the rule is live than the operator saw
    │       ├── ErasureBlocked      something of the account has to be settled before it can be erased
    │       ├── AccountClosing      the account is being erased just now
    │       ├── NothingToRevoke     no erasure was asked for, or it has begun
    │       └── PhoneTaken          another account owns the phone number
    │   ├── SignedOut           the session of the dashboard is over, or there is none
    │   ├── CodeRefused         the code to sign in with is wrong, spent or over
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

# Whoever raises one need not know in which part it stands.
from gardenshop.cloud.errors.conflicts import *  # noqa: F403
from gardenshop.cloud.errors.faults import *  # noqa: F403
from gardenshop.cloud.errors.refusals import *  # noqa: F403
