"""A stand-in for WeChat: WeChat Pay v3 with real signatures and encryption, and the phone number API."""

from localcloud.wechat.messages import PayError
from localcloud.wechat.notices import Tamper, Trouble
from localcloud.wechat.standin import WeChatStandIn

__all__ = ["PayError", "Tamper", "Trouble", "WeChatStandIn"]
