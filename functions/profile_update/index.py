"""profile_update: the caller's name, addresses, diet, consents; without changes it shows them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from gardenshop.cloud.database import Command, Document, get, update
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Busy, Conflict, InvalidRequest, NotFound
from gardenshop.flows.health import PROFILES, empty_profile, erase
from gardenshop.models.address import Address
from gardenshop.models.base import Key, Words, dump
from gardenshop.models.vocabulary import Allergens, Contains
from gardenshop.rules.consent import Purpose, changed, standing

MAX_ADDRESSES = 20


class ConsentChange(Request):
    """Grant or withdraw one purpose; each is asked for separately."""

    purpose: Purpose
    version: Annotated[Words, Field(max_length=40)]
    granted: Annotated[bool, Field(strict=True)]


class ProfileUpdate(Request):
    """Fields left out stay as they are. An address with a known id replaces the one there."""

    nickname: Annotated[Words, Field(max_length=40)] | None = None
    sex: Literal["female", "male"] | None = None
    birth_year: Annotated[int, Field(strict=True, ge=1900)] | None = None
    avoid: Contains | None = None
    allergens: Allergens | None = None
    personalised: Annotated[bool, Field(strict=True)] | None = None
    save_address: Address | None = None
    remove_address_id: Key | None = None
    consent: ConsentChange | None = None


class Profile(Response):
    """What the caller told about herself."""

    nickname: str
    phone_masked: str | None
    addresses: list[dict[str, Any]]
    sex: str | None
    birth_year: int | None
    avoid: list[str]
    allergens: list[str]
    personalised: bool
    consents: dict[str, bool]


@cloud_function(caller=MEMBER)
def main(request: ProfileUpdate, ctx: Context) -> Profile:
    """Read, change under the account's version, and show the result."""
    if request.birth_year is not None and request.birth_year > int(ctx.day[:4]):
        raise InvalidRequest(fields=[{"field": "birthYear", "problem": "in the future"}])
    user, profile = _read(ctx)
    account = _account_commands(request, user, ctx)
    erasing = _erasing(request, ctx)
    commands = [*erasing, *account, *erasing, *_profile_commands(request, ctx)]
    if commands:
        results = ctx.db.write(*commands)
        if account and not results[len(erasing)].happened:
            raise Busy
        user, profile = _read(ctx)
    return Profile(
        nickname=user.get("nickname", ""),
        phone_masked=user.get("phoneMasked"),
        addresses=user.get("addresses") or [],
        sex=profile.get("sex"),
        birth_year=profile.get("birthYear"),
        avoid=profile.get("avoid") or [],
        allergens=profile.get("allergens") or [],
        personalised=profile.get("personalised", True),
        consents=standing(user.get("consents") or []),
    )


def _touches_account(request: ProfileUpdate) -> bool:
    """Say whether *request* changes the `users` document."""
    parts = (request.nickname, request.save_address, request.remove_address_id, request.consent)
    return any(part is not None for part in parts)


def _read(ctx: Context) -> tuple[Document, Document]:
    users, profiles = ctx.db.read(get("users", ctx.user_id), get(PROFILES, ctx.user_id))
    if not users:
        raise NotFound("请先登录")
    return users[0], profiles[0] if profiles else {}


def _account_commands(request: ProfileUpdate, user: Document, ctx: Context) -> list[Command]:
    if not _touches_account(request):
        return []
    changes: Document = {"updatedAt": ctx.now}
    if request.nickname is not None:
        changes["nickname"] = request.nickname
    if request.save_address is not None or request.remove_address_id is not None:
        changes["addresses"] = _addresses(request, user.get("addresses") or [])
    if request.consent is not None:
        asked = request.consent
        changes["consents"] = changed(
            user.get("consents") or [], asked.purpose, asked.version, granted=asked.granted, now=ctx.now
        )
    where = {"_id": ctx.user_id, "version": user.get("version", 0)}
    return [update("users", where, {"$set": changes, "$inc": {"version": 1}})]


def _addresses(request: ProfileUpdate, addresses: list[Document]) -> list[Document]:
    """Return the addresses after the change; the one saved as default is the only default."""
    kept = [each for each in addresses if each["addressId"] != request.remove_address_id]
    saved = request.save_address
    if saved is None:
        return kept
    if saved.is_default:
        kept = [{**each, "isDefault": False} for each in kept]
    ids = [each["addressId"] for each in kept]
    if saved.address_id in ids:
        kept[ids.index(saved.address_id)] = dump(saved)
    elif len(kept) >= MAX_ADDRESSES:
        raise Conflict(f"最多保存 {MAX_ADDRESSES} 个地址")
    else:
        kept.append(dump(saved))
    return kept


def _erasing(request: ProfileUpdate, ctx: Context) -> list[Command]:
    """Return the erasure of health data for one who withdraws her consent to them.

    It is done before the consent goes, so that whatever breaks off leaves none without consent, and after it,
    so that none is stored in between.
    """
    asked = request.consent
    withdrawn = asked is not None and asked.purpose == "health_data" and not asked.granted
    return erase(ctx.user_id, ctx.now) if withdrawn else []


def _profile_commands(request: ProfileUpdate, ctx: Context) -> list[Command]:
    told = {
        "sex": request.sex,
        "birthYear": request.birth_year,
        "avoid": request.avoid,
        "allergens": request.allergens,
        "personalised": request.personalised,
    }
    changes = {name: value for name, value in told.items() if value is not None}
    if not changes:
        return []
    changed = {"$set": {**changes, "updatedAt": ctx.now}}
    return [empty_profile(ctx.user_id, ctx.now), update(PROFILES, {"_id": ctx.user_id}, changed)]
