"""Where in their sequences the hits of a token search are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import altair as alt
import pyarrow as pa

from mistudio_core.charts.figure import EXACT, HEIGHT, SHORT, Figure, exact, rows_table, span, titled

_FIELDS: Final = [("first", pa.int64()), ("end", pa.int64()), ("range", pa.string()), ("count", pa.int64())]


def hits_by_position(counts: Sequence[int], step: int) -> Figure:
    """Draw how many hits begin in each part of a sequence, of `step` positions; trailing empty parts are left out."""
    used = max((place + 1 for place, count in enumerate(counts) if count), default=0)
    rows: list[dict[str, Any]] = [
        {"first": place * step, "end": (place + 1) * step, "range": span(place * step, (place + 1) * step - 1),
         "count": counts[place]}
        for place in range(used)
    ]  # fmt: skip
    data = rows_table(rows, _FIELDS)
    chart = (
        alt.Chart(data, height=HEIGHT, title=titled("Hits by position", "position in the sequence where a hit begins"))
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X("first:Q", bin="binned").title("position (tokens)").axis(grid=False, tickMinStep=1),
            x2="end:Q",
            y=alt.Y("count:Q").title("hits").axis(labelExpr=SHORT, tickMinStep=1),
            tooltip=[
                alt.Tooltip("range:N", title="position"),
                alt.Tooltip("count:Q", title="hits", format=EXACT),
            ],
        )
    )
    text = "Histogram. Hits by position: none."
    if rows:
        fullest = max(rows, key=lambda row: row["count"])
        text = f"Histogram. Hits by position in the sequence: most, {exact(fullest['count'])}, at {fullest['range']}."
    return Figure("token-hits", chart, text, data)
