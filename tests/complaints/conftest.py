"""The complaints are tried on the shop of the functions' tests, with WeChat at its side."""

from functions.conftest import _clock, _shop, at_once, door, wechat, wechat_keys

__all__ = ["_clock", "_shop", "at_once", "door", "wechat", "wechat_keys"]
