"""What all pictures share: the frame with axes, ticks and legend, and the marks inside."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NewType

from playground.core.saved_pages import html_page
from playground.core.plot_scale import Axis, Scale

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, BOTTOM = 76.0, 16.0, 336.0
LINE_HEIGHT, LETTER_WIDTH = 20, 7.5
LONGEST_NAME, MOST_NAMED = 24, 12
# Between light and dark: seen on white and on black.
HUES = ("#1c83e1", "#c77700", "#1a9c4b", "#8b5cf6", "#e5484d", "#9a8200")
# Of about the same area, around 0, 0.
SHAPES = (
    "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z",
    "M-4 -4h8v8h-8z",
    "M0 -5.5l5 9.5h-10z",
    "M0 -6l5.5 6l-5.5 6l-5.5 -6z",
    "M0 5.5l5 -9.5h-10z",
    "M-5.5 -2h3.5v-3.5h4v3.5h3.5v4h-3.5v3.5h-4v-3.5h-3.5z",
)
# What a file of XML can't hold; a browser then shows none of it.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


Svg = NewType("Svg", str)
"""A picture made here: the only markup that a report takes as it is."""


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of text and ground. A picture that stands alone needs both."""

    ink: str = "currentColor"
    paper: str = "none"


INLINE = Look()
ALONE = Look("#262730", "#ffffff")
"""For a picture that is saved: it is seen wherever it is opened."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the marks. Without an `x_scale` the marks name their columns."""

    title: str
    groups: Sequence[str]
    x_axis: Axis | None
    y_axis: Axis
    x_scale: Scale | None
    y_scale: Scale
    look: Look


def text(value: str) -> str:
    """A text inside a picture; none of it is markup."""
    return html_page.text(_NO_XML.sub("\ufffd", value))


def groups_of(names: Iterable[str]) -> list[str]:
    """The groups in the order in which they come."""
    return list(dict.fromkeys(names))


def shortened(name: str, most: int = LONGEST_NAME) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def hue(group: int) -> str:
    return HUES[group % len(HUES)]


def mark(group: int, x: float, y: float, label: str, *, faint: bool = False) -> str:
    """A group's shape at a place."""
    # Two groups of one colour differ in shape: there is one colour more to the cycle.
    shape = SHAPES[(group + group // len(HUES)) % len(SHAPES)]
    told = f"<title>{text(label)}</title>" if label else ""
    opacity = "0.45" if faint else "0.9"
    return (
        f'<path d="{shape}" transform="translate({x:.1f} {y:.1f})" fill="{hue(group)}" '
        f'fill-opacity="{opacity}">{told}</path>'
    )


def line(x1: float, y1: float, x2: float, y2: float, group: int, *, thick: bool = False) -> str:
    """A line in a group's colour."""
    width = "3" if thick else "1.5"
    return (
        f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{hue(group)}" '
        f'stroke-width="{width}" fill="none"/>'
    )


def head_height(groups: Sequence[str]) -> float:
    """How far down the title and the legend reach."""
    rows = max((row for row, _, _ in _legend_places(groups)), default=-1) + 1
    return 36.0 + LINE_HEIGHT * rows


def drawn(frame: Frame, marks: Sequence[str], note: str) -> Svg:
    """The whole picture; `note` says what is not in it."""
    look = frame.look
    top = head_height(frame.groups)
    ground = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{text(look.paper)}"/>'
    parts = [
        f'<text x="{LEFT}" y="22" font-weight="bold">{text(shortened(frame.title, 70))}</text>',
        *_legend(frame.groups),
    ]
    if marks:
        parts += [_y_axis(frame), _x_axis(frame, top), *marks]
    else:
        parts.append(
            f'<text x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle">No numbers yet.</text>'
        )
    if note:
        parts.append(
            f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end" font-size="11" '
            f'fill-opacity="0.7">{text(note)}</text>'
        )
    return Svg(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{text(frame.title)}" '
        f'font-family="system-ui, sans-serif" font-size="13" color="{text(look.ink)}" '
        f'fill="{text(look.ink)}">{ground}{"".join(parts)}</svg>'
    )


def _y_axis(frame: Frame) -> str:
    scale, axis = frame.y_scale, frame.y_axis
    parts = []
    for value, label in scale.ticks():
        y = scale.place(value)
        parts.append(_grid(LEFT, y, WIDTH - RIGHT, y))
        parts.append(
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" font-size="12">'
            f"{text(axis.say(label))}</text>"
        )
    middle = (scale.start + scale.end) / 2
    parts.append(
        f'<text transform="translate(14 {middle:.1f}) rotate(-90)" text-anchor="middle">'
        f"{text(shortened(axis.title, 36))}</text>"
    )
    return "".join(parts)


def _x_axis(frame: Frame, top: float) -> str:
    scale, axis = frame.x_scale, frame.x_axis
    if scale is None or axis is None:
        return ""
    parts = []
    for value, label in scale.ticks():
        x = scale.place(value)
        parts.append(_grid(x, top, x, BOTTOM))
        parts.append(
            f'<text x="{x:.1f}" y="{BOTTOM + 18}" text-anchor="middle" font-size="12">'
            f"{text(axis.say(label))}</text>"
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<text x="{middle:.1f}" y="{BOTTOM + 40}" text-anchor="middle">'
        f"{text(shortened(axis.title, 60))}</text>"
    )
    return "".join(parts)


def _grid(x1: float, y1: float, x2: float, y2: float) -> str:
    return (
        f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="currentColor" '
        'stroke-opacity="0.18" fill="none"/>'
    )


def _legend(groups: Sequence[str]) -> list[str]:
    return [
        (mark(index, x, 36.0 + LINE_HEIGHT * row, "") if index < MOST_NAMED else "")
        + f'<text x="{x + 10:.1f}" y="{40 + LINE_HEIGHT * row}" font-size="12">{text(name)}</text>'
        for index, (row, x, name) in enumerate(_legend_places(groups))
    ]


def _legend_places(groups: Sequence[str]) -> list[tuple[int, float, str]]:
    """The row, the place and the short name of each group; one that is alone needs none."""
    if len(groups) < 2:
        return []
    places: list[tuple[int, float, str]] = []
    row, x = 0, LEFT + 5
    names = [shortened(each) for each in groups[:MOST_NAMED]]
    if len(groups) > MOST_NAMED:
        names.append(f"and {len(groups) - MOST_NAMED} more")
    for name in names:
        width = LETTER_WIDTH * len(name) + 30
        if x + width > WIDTH - RIGHT and x > LEFT + 5:
            row, x = row + 1, LEFT + 5
        places.append((row, x, name))
        x += width
    return places
