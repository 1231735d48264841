"""The main journey, played on the local CloudBase as the mini-program, the timers and WeChat would."""

from demo.play import play

__all__ = ["play"]
