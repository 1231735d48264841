"""Where to upload a zip: an object in the platform's temporary bucket, and the right to write it."""

import base64
import hmac
from typing import Any

from localcloud.cloudapi.cloud import Cloud, time_text
from localcloud.cloudapi.params import Parameters, parse
from localcloud.functions import LOCAL_APPID


class GetTempCosInfoRequest(Parameters):
    """The path of the object below the day's folder."""

    ObjectPath: str


def get_temp_cos_info(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Return the day's folder and the Authorization header for the one object."""
    request = parse(GetTempCosInfoRequest, body)
    date = time_text(cloud.now())[:10]
    return {"Date": date, "Sign": authorization(cloud.secret, f"{date}/{request.ObjectPath.strip('/')}")}


def authorization(secret: str, key: str) -> str:
    """Return the header that allows its bearer to write the object *key*; clients look for all its fields."""
    digest = hmac.digest(secret.encode(), key.encode(), "sha256").hex()
    return base64.b64encode(
        f"{digest}a={LOCAL_APPID}&k=local&e=0&t=0&r=0&f=/{key}&b=tempcos".encode()
    ).decode()


ACTIONS = {"GetTempCosInfo": get_temp_cos_info}
