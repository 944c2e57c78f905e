"""Lines whose tooltips tell the values of the point under the pointer.

Vega shows for every place of a line the values of its first point, so a line itself has no tooltip: the points on it
have, each with an area that the pointer does not miss.
"""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import pyarrow as pa

_POINT: Final = 14  # square pixels
_TARGET: Final = 50  # large enough to be met, and small enough not to cover the neighbours


def lines(
    data: pa.Table, *, tooltip: list[alt.Tooltip], height: int, title: alt.TitleParams, points: bool = True,
    **line: Any,
) -> alt.LayerChart:  # fmt: skip
    """Return lines to be encoded, with their points where these are few; `line` are properties of the line."""
    layers = [alt.Chart().mark_line(**line)]
    if points:
        layers.append(alt.Chart().mark_point(filled=True, opacity=1, size=_POINT))
    layers.append(alt.Chart().mark_point(filled=True, opacity=0, size=_TARGET).encode(tooltip=tooltip))
    return alt.LayerChart(layer=layers, data=data, height=height, title=title)
