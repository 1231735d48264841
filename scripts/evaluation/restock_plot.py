"""The frontier as a picture: days of cover against fill rate, a line a policy, as SVG."""

from collections.abc import Mapping, Sequence
from html import escape

from evaluation.restock_figures import Figures

_WIDTH, _HEIGHT, _EDGE = 720, 440, 56
_COLOURS = ("#2e7d32", "#1565c0", "#c62828", "#6a1b9a")
_LEAST_FILL, _MOST_COVER = 0.80, 40.0
_FILL_TICKS = (0.80, 0.85, 0.90, 0.95, 1.0)
_COVER_TICKS = (0, 10, 20, 30, 40)


def svg(title: str, lines: Mapping[str, Sequence[Figures]]) -> str:
    """Draw the part of each line that matters; further down and to the right is better."""
    box = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="13"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_EDGE}" y="28" font-size="15">{escape(title)}</text>',
        *_axes(),
    ]
    for number, (name, points) in enumerate(lines.items()):
        parts += _line(name, points, number)
    return "\n".join([*parts, "</svg>", ""])


def _axes() -> list[str]:
    parts = []
    for fill in _FILL_TICKS:
        parts.append(_rule(_x(fill), _y(0), _x(fill), _y(_MOST_COVER)))
        parts.append(f'<text x="{_x(fill):.1f}" y="{_y(0) + 18:.1f}" text-anchor="middle">{fill:.0%}</text>')
    for cover in _COVER_TICKS:
        parts.append(_rule(_x(_LEAST_FILL), _y(cover), _x(1), _y(cover)))
        parts.append(f'<text x="{_EDGE - 8}" y="{_y(cover) + 4:.1f}" text-anchor="end">{cover}</text>')
    parts.append(f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 8}" text-anchor="middle">fill rate</text>')
    upright = f'transform="translate(14 {_HEIGHT / 2}) rotate(-90)" text-anchor="middle"'
    parts.append(f"<text {upright}>days of cover</text>")
    return parts


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>'


def _line(name: str, points: Sequence[Figures], number: int) -> list[str]:
    colour = _COLOURS[number % len(_COLOURS)]
    seen = sorted(
        (each.fill, each.cover) for each in points if each.fill >= _LEAST_FILL and each.cover <= _MOST_COVER
    )
    path = " ".join(f"{_x(fill):.1f},{_y(cover):.1f}" for fill, cover in seen)
    dots = [
        f'<circle cx="{_x(fill):.1f}" cy="{_y(cover):.1f}" r="3" fill="{colour}"/>' for fill, cover in seen
    ]
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *dots,
        f'<text x="{_EDGE + 12}" y="{_EDGE + 14 + 18 * number}" fill="{colour}">{escape(name)}</text>',
    ]


def _x(fill: float) -> float:
    return _EDGE + (fill - _LEAST_FILL) / (1 - _LEAST_FILL) * (_WIDTH - 2 * _EDGE)


def _y(cover: float) -> float:
    return _HEIGHT - _EDGE - cover / _MOST_COVER * (_HEIGHT - 2 * _EDGE)
