"""login: open the caller's account, and merge her former shop account by her verified phone."""

from typing import Annotated

from pydantic import Field

from gardenshop.cloud.database import Document, find, get
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import AccountClosing, Internal, PhoneTaken
from gardenshop.cloud.wechat import PhoneCodeInvalid, WeChatApi
from gardenshop.flows.accounts import (
    claim,
    device_hash,
    greet,
    merge_claimed,
    new_account,
    own_device,
    own_phone,
    phone_hash,
)
from gardenshop.models.base import ClientToken, Words
from gardenshop.rules.experiments import Variant, experiments_of, parts_of
from gardenshop.rules.flags import flags_of, open_to


class Login(Request):
    """`phone_code` is what the phone number button of the mini-program gives; a login without it is fine.

    `device_id` is made by the client once and kept.
    """

    phone_code: Annotated[Words, Field(max_length=128)] | None = None
    device_id: ClientToken | None = None


class Account(Response):
    """The caller's account. `merged` lists the former accounts merged by this call.

    `flags` are open to her; `variants` are what she sees in experiments of the mini-program, by experiment.
    """

    user_id: str
    is_new: bool
    nickname: str
    tier: str
    phone_masked: str | None
    roles: list[str]
    garden_points: int
    shop_points: int
    merged: list[str]
    flags: list[str]
    variants: dict[str, str]


@cloud_function(caller=MEMBER)
def main(request: Login, ctx: Context) -> Account:
    """Create, greet, claim and move; whatever is repeated or comes twice at once has one effect."""
    is_new = _open(ctx, _verified_phone(request, ctx), request.device_id)
    account, rules = _account(ctx)
    ctx.db.write(*greet(account))
    merged = merge_claimed(ctx.db, account, ctx.now)
    if merged:
        account, rules = _account(ctx)
    points = account["points"]
    return Account(
        user_id=ctx.user_id,
        is_new=is_new,
        nickname=account.get("nickname", ""),
        tier=account.get("tier", "bronze"),
        phone_masked=account.get("phoneMasked"),
        roles=account.get("roles") or [],
        garden_points=points["garden"]["available"],
        shop_points=points["shop"]["available"],
        merged=merged,
        flags=open_to(flags_of(rules), account),
        variants={name: each.name for name, each in _variants(rules, ctx).items()},
    )


def _verified_phone(request: Login, ctx: Context) -> str | None:
    """Ask WeChat for the number behind the code. A used code is no error for who has a phone already."""
    if request.phone_code is None:
        return None
    wechat = WeChatApi.of(ctx.settings.environ, ctx.environment)
    try:
        return wechat.phone_number(request.phone_code, openid=ctx.caller.openid)
    except PhoneCodeInvalid:
        account = ctx.db.one(get("users", ctx.user_id, fields=("phoneHash",)))
        if account is None or "phoneHash" not in account:
            raise
        return None


def _open(ctx: Context, phone: str | None, device_id: str | None) -> bool:
    """Write the account and its device and claim the phone in one trip; say whether the account is new."""
    key = ctx.settings.environ.get("PHONE_HASH_KEY", "")
    commands = [new_account(ctx.user_id, ctx.caller.openid, ctx.caller.unionid, ctx.now)]
    if device_id is not None:
        commands.append(own_device(ctx.user_id, device_hash(device_id, key), ctx.now))
    if phone is not None:
        hashed = phone_hash(phone, key)
        commands += [claim(ctx.user_id, hashed, ctx.now), own_phone(ctx.user_id, hashed, phone, ctx.now)]
    opened, *rest = ctx.db.write(*commands)
    if opened.duplicate:
        # What is being erased keeps her openid until nothing of hers is left.
        raise AccountClosing
    if rest and rest[-1].duplicate:
        raise PhoneTaken
    return bool(opened.upserted)


def _account(ctx: Context) -> tuple[Document, list[Document]]:
    """Read the account, and the live flags and experiments with it."""
    switches = {"category": {"$in": ["flag", "experiment"]}, "state": "live"}
    accounts, rules = ctx.db.read(get("users", ctx.user_id), find("business_rules", switches))
    if not accounts:
        raise Internal
    return accounts[0], rules


def _variants(rules: list[Document], ctx: Context) -> dict[str, Variant]:
    return parts_of(experiments_of(rules), "client", ctx.user_id)
