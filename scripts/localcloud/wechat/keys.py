"""The keys of both sides, and the signatures and encryption of API v3 as WeChat Pay does them.

Written straight on `cryptography`, so that the package in the layer meets something else than itself.
https://pay.weixin.qq.com/docs/merchant/products/notification/introduction.html
"""

import base64
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from localcloud.wechat.store import Store

SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"
APPID = "wx0123456789abcdef"
MCHID = "1900000001"
SERIAL_NO = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000000012026010100000001"

_CLOCK_SKEW = 300
_TOKEN = re.compile(r'(\w+)="([^"]*)"')


class Keys:
    """WeChat Pay's key pair, the merchant's, and the APIv3 key; made once and kept in the store."""

    def __init__(self, store: Store) -> None:
        kept = store.get("keys", "keys")
        if kept is None:
            kept = {"wechat": _new_key(), "merchant": _new_key(), "apiv3": secrets.token_hex(16)}
            store.put("keys", "keys", kept)
        self._wechat = _load(kept["wechat"])
        self._merchant = _load(kept["merchant"])
        self.merchant_private_key: str = kept["merchant"]
        self.apiv3_key: str = kept["apiv3"]

    @property
    def wechat_public_key(self) -> str:
        """WeChat Pay's public key, DER in base64."""
        public = self._wechat.public_key()
        return _text(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    def signed_headers(self, body: bytes, now: int) -> dict[str, str]:
        """Return the headers with which WeChat Pay signs *body* at *now*, in epoch seconds."""
        nonce = secrets.token_hex(16)
        message = f"{now}\n{nonce}\n".encode() + body + b"\n"
        return {
            "Wechatpay-Serial": PUBLIC_KEY_ID,
            "Wechatpay-Signature-Type": SIGNATURE_TYPE,
            "Wechatpay-Timestamp": str(now),
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": _text(self._wechat.sign(message, PKCS1v15(), SHA256())),
        }

    def is_from_merchant(
        self, authorization: str, *, method: str, target: str, body: bytes, now: int
    ) -> bool:
        """Check a request's Authorization header; *target* is its path with its query."""
        scheme, _, tokens = authorization.partition(" ")
        claimed = dict(_TOKEN.findall(tokens))
        timestamp, nonce = claimed.get("timestamp", ""), claimed.get("nonce_str", "")
        if scheme != SIGNATURE_TYPE or (claimed.get("mchid"), claimed.get("serial_no")) != (MCHID, SERIAL_NO):
            return False
        if not re.fullmatch(r"[0-9]{10}", timestamp) or abs(now - int(timestamp)) > _CLOCK_SKEW:
            return False
        message = f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
        return self._has_signed(message, claimed.get("signature", ""))

    def is_pay_sign(self, fields: Mapping[str, str]) -> bool:
        """Check what a merchant gave the mini-program for ``wx.requestPayment``."""
        parts = (APPID, *(fields.get(name, "") for name in ("timeStamp", "nonceStr", "package")))
        message = "".join(f"{part}\n" for part in parts).encode()
        return fields.get("signType") == "RSA" and self._has_signed(message, fields.get("paySign", ""))

    def encrypt(self, resource: Mapping[str, Any], kind: str) -> dict[str, str]:
        """Return *resource* as a notice carries it; *kind* is ``transaction`` or ``refund``."""
        nonce = secrets.token_hex(6)
        plain = json.dumps(resource, ensure_ascii=False).encode()
        sealed = AESGCM(self.apiv3_key.encode()).encrypt(nonce.encode(), plain, kind.encode())
        return {
            "original_type": kind,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": _text(sealed),
            "associated_data": kind,
            "nonce": nonce,
        }

    def _has_signed(self, message: bytes, signature: str) -> bool:
        try:
            raw = base64.b64decode(signature, validate=True)
            self._merchant.public_key().verify(raw, message, PKCS1v15(), SHA256())
        except (ValueError, InvalidSignature):
            return False
        return True


def _new_key() -> str:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return _text(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def _load(text: str) -> RSAPrivateKey:
    key = load_der_private_key(base64.b64decode(text), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("an RSA key was expected")
    return key


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
