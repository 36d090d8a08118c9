"""Small pictures of numbers as SVG, without a library: scatter, spread, distribution.

Ink is the colour of the text around unless another is asked for; each group has a colour and
a shape, so that colour alone tells nothing. Every text is escaped.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from playground.core.plot_frame import (
    BOTTOM,
    INLINE,
    LEFT,
    LETTER_WIDTH,
    LINE_HEIGHT,
    RIGHT,
    WIDTH,
    Frame,
    Look,
    Svg,
    drawn,
    groups_of,
    head_height,
    line,
    mark,
    shortened,
    text,
)
from playground.core.plot_scale import Axis, Number, drawable, quartiles, scale_of

T = TypeVar("T")
MOST_DRAWN = 2_000
FEWEST_BOXED = 5
"""A box around fewer values would tell more than they do."""
FEWEST_LETTERS = 14
"""Of a column's name, however narrow the column."""
_OFFSETS = (0.0, 0.5, -0.5, 0.25, -0.25, 0.75, -0.75)
"""Where in its column a value stands, so that equal ones are seen; no chance in it."""


@dataclass(frozen=True, slots=True)
class Point:
    """One thing in a scatter; `label` is told when it is pointed at."""

    x: Number
    y: Number
    group: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Spread:
    """Several results at one `x`: the middle, and how far they reach."""

    x: Number
    middle: Number
    low: Number
    high: Number
    group: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """The values of one group."""

    group: str
    values: Sequence[Number]


def scatter(
    title: str, points: Sequence[Point], x_axis: Axis, y_axis: Axis, look: Look = INLINE
) -> Svg:
    """Points, such as quality against cost."""
    placed = [(drawable(each.x), drawable(each.y), each) for each in points]
    found = [(x, y, each) for x, y, each in placed if x is not None and y is not None]
    shown = _thinned(found)
    names = groups_of(each.group for _, _, each in found)
    top = head_height(names)
    xs = [*(x for x, _, _ in found), *(x_axis.bounds or ())]
    ys = [*(y for _, y, _ in found), *(y_axis.bounds or ())]
    x_scale = scale_of(xs, LEFT, WIDTH - RIGHT, from_zero=False)
    y_scale = scale_of(ys, BOTTOM, top, from_zero=False)
    marks = [
        mark(names.index(each.group), x_scale.place(x), y_scale.place(y), each.label)
        for x, y, each in shown
    ]
    frame = Frame(title, names, x_axis, y_axis, x_scale, y_scale, look)
    return drawn(frame, marks, _left_out(len(points), len(found), len(shown)))


def spreads(
    title: str, points: Sequence[Spread], x_axis: Axis, y_axis: Axis, look: Look = INLINE
) -> Svg:
    """Middles with lines as far as the results reach, such as spread against temperature."""
    found: list[tuple[float, float, float, float, Spread]] = []
    for each in points:
        x, middle, low, high = map(drawable, (each.x, each.middle, each.low, each.high))
        if x is not None and middle is not None:
            reach = (middle, middle if low is None else low, middle if high is None else high)
            found.append((x, middle, min(reach), max(reach), each))
    shown = _thinned(found)
    names = groups_of(spread.group for *_, spread in found)
    x_scale = scale_of((each[0] for each in found), LEFT, WIDTH - RIGHT, from_zero=False)
    ends = [end for each in found for end in each[2:4]]
    y_scale = scale_of(ends, BOTTOM, head_height(names), from_zero=False)
    marks = []
    for x, middle, low, high, spread in shown:
        group = names.index(spread.group)
        # Beside one another where several groups share an x.
        at = x_scale.place(x) + 11 * (group - (len(names) - 1) / 2)
        bottom, top = y_scale.place(low), y_scale.place(high)
        marks.append(line(at, bottom, at, top, group))
        marks += [line(at - 4, end, at + 4, end, group) for end in (bottom, top)]
        marks.append(mark(group, at, y_scale.place(middle), spread.label))
    frame = Frame(title, names, x_axis, y_axis, x_scale, y_scale, look)
    return drawn(frame, marks, _left_out(len(points), len(found), len(shown)))


def distribution(title: str, samples: Sequence[Sample], axis: Axis, look: Look = INLINE) -> Svg:
    """Each group's values as a strip, and a box of its quartiles, such as latency."""
    found = [(each.group, [drawable(value) for value in each.values]) for each in samples]
    known = [(name, [value for value in values if value is not None]) for name, values in found]
    everything = [value for _, values in known for value in values]
    y_scale = scale_of(everything, BOTTOM, head_height([]), from_zero=True)
    columns = max(1, len(known))
    width = (WIDTH - RIGHT - LEFT) / columns
    marks = []
    shown = 0
    for group, (_, values) in enumerate(known):
        middle = LEFT + (group + 0.5) * width
        thinned = _thinned(sorted(values), MOST_DRAWN // columns)
        shown += len(thinned)
        reach = min(24.0, width / 4)
        for index, value in enumerate(thinned):
            at = middle + _OFFSETS[index % len(_OFFSETS)] * reach
            marks.append(mark(group, at, y_scale.place(value), "", faint=True))
        if values:
            marks += _box(group, middle, min(34.0, width / 3), values, y_scale.place)
    marks += _column_names([name for name, _ in known], width)
    count = sum(len(values) for _, values in found)
    frame = Frame(title, [], None, axis, None, y_scale, look)
    return drawn(frame, marks if everything else [], _left_out(count, len(everything), shown))


def _column_names(names: Sequence[str], width: float) -> list[str]:
    """The groups' names beneath their columns: aslant where they don't fit side by side."""
    most = int(width / LETTER_WIDTH)
    is_aslant = most < FEWEST_LETTERS and any(len(name) > most for name in names)
    shown = []
    # Of columns that are narrower than a line is high only some are named.
    for index in range(0, len(names), max(1, math.ceil(LINE_HEIGHT / width))):
        name, at = names[index], LEFT + (index + 0.5) * width
        place = f'x="{at:.1f}" y="{BOTTOM + 18}" text-anchor="middle"'
        if is_aslant:
            turned = f"translate({at + 4:.1f} {BOTTOM + 12}) rotate(-35)"
            place = f'transform="{turned}" text-anchor="end" font-size="11"'
        label = shortened(name, FEWEST_LETTERS if is_aslant else max(1, most))
        shown.append(f"<text {place}>{text(label)}<title>{text(name)}</title></text>")
    return shown


def _box(
    group: int, at: float, half: float, values: Sequence[float], place: Callable[[float], float]
) -> list[str]:
    """The median, and around enough values the quartiles and the ends."""
    quarter, median, three = quartiles(values)
    lines = [line(at - half, place(median), at + half, place(median), group, thick=True)]
    if len(values) < FEWEST_BOXED:
        return lines
    left, right, low, high = at - half, at + half, place(quarter), place(three)
    edges = [
        *((left, low, right, low), (left, high, right, high)),
        *((left, low, left, high), (right, low, right, high)),
        *((at, low, at, place(min(values))), (at, high, at, place(max(values)))),
    ]
    return lines + [line(*each, group) for each in edges]


def _thinned(found: Sequence[T], most: int = MOST_DRAWN) -> list[T]:
    """At most so many, evenly chosen."""
    most = max(1, most)
    if len(found) <= most:
        return list(found)
    return [found[index * len(found) // most] for index in range(most)]


def _left_out(given: int, found: int, shown: int) -> str:
    """What is not in the picture, in a few words."""
    parts = []
    if given > found:
        parts.append(f"{given - found:,} without a number left out")
    if found > shown:
        parts.append(f"{shown:,} of {found:,} drawn")
    return ", ".join(parts)
