"""Geometry of the plots: bars in per cent of a plot's height or width.

Templates draw them as inline SVG; colours come from classes, so plots follow light and dark.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from search_app.language.formats import number

BAR_SHARE: Final = 0.72
"""Width of a bar in shares of its slot."""
_STEPS: Final = (1, 2, 5)


@dataclass(frozen=True)
class Bar:
    """One column of a plot; `failed` is the lower part, drawn in another colour.

    `x` and `width` are per cent of the plot's width; `height` and `failed` of its height.
    """

    label: str
    x: float
    width: float
    height: float
    failed: float


@dataclass(frozen=True)
class ColumnPlot:
    """A plot of columns; `top` is the value of its upper edge."""

    bars: tuple[Bar, ...]
    top: str
    first: str
    last: str


Column = tuple[str, str, int, int]
"""Name on the axis, label to read out, value, failed part of the value."""


def column_plot(columns: Sequence[Column]) -> ColumnPlot:
    """A plot of columns."""
    top = round_up(max((value for *_, value, _ in columns), default=0))
    slot = 100 / max(len(columns), 1)
    bars = tuple(
        Bar(
            label=label,
            x=round(slot * (index + (1 - BAR_SHARE) / 2), 3),
            width=round(slot * BAR_SHARE, 3),
            height=round(100 * value / top, 2),
            failed=round(100 * failed / top, 2),
        )
        for index, (_, label, value, failed) in enumerate(columns)
    )
    ends = (columns[0][0], columns[-1][0]) if columns else ("", "")
    return ColumnPlot(bars, number(top), *ends)


def round_up(value: int) -> int:
    """The next number of the form 1, 2 or 5 times a power of ten; 1 for 0."""
    power = 1
    while True:
        for step in _STEPS:
            if step * power >= value:
                return step * power
        power *= 10
