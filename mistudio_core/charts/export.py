"""Figures as files: pictures (PNG, SVG) and the rows behind them (CSV, JSON). No network is used."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import pyarrow as pa
import pyarrow.csv

from mistudio_core.charts.figure import Figure

WIDTH: Final = 760
PNG_SCALE: Final = 2  # pixels per point: sharp in a paper too


@dataclass(frozen=True, slots=True)
class ChartTheme:
    """The colours of the theme for a picture; on a page Streamlit applies them."""

    background: str
    text: str
    lines: str
    series: Sequence[str]
    ramp: Sequence[str]


def png(figure: Figure, theme: ChartTheme | None = None) -> bytes:
    """Draw a PNG, in the colours of a theme or in those of Vega."""
    drawn = io.BytesIO()
    _dressed(figure, theme).save(drawn, format="png", scale_factor=PNG_SCALE)
    return drawn.getvalue()


def svg(figure: Figure, theme: ChartTheme | None = None) -> bytes:
    """Draw an SVG, in the colours of a theme or in those of Vega."""
    drawn = io.StringIO()
    _dressed(figure, theme).save(drawn, format="svg")
    return drawn.getvalue().encode()


def csv(figure: Figure) -> bytes:
    """Return the rows with a header, in UTF-8; every text in quotes and unchanged."""
    written = pa.BufferOutputStream()
    pyarrow.csv.write_csv(figure.data, written)
    return bytes(written.getvalue())


def rows_json(figure: Figure) -> bytes:
    """Return the rows as a JSON array of objects."""
    return json.dumps(figure.data.to_pylist(), ensure_ascii=False, indent=1).encode()


def _dressed(figure: Figure, theme: ChartTheme | None) -> alt.Chart | alt.LayerChart:
    rows = alt.InlineData(values=figure.data.to_pylist())  # a table would be held to Altair's limit of 5,000 rows
    chart = figure.chart.properties(width=WIDTH, description=figure.alt, data=rows)
    return chart if theme is None else chart.configure(**_config(theme))


def _config(theme: ChartTheme) -> Mapping[str, Any]:
    words = {"labelColor": theme.text, "titleColor": theme.text}
    return {
        "background": theme.background,
        "title": {"color": theme.text, "subtitleColor": theme.text},
        "axis": words | {"gridColor": theme.lines, "domainColor": theme.lines},
        "legend": words,
        "view": {"stroke": theme.lines},
        "mark": {"color": theme.series[0]},
        "range": {"category": list(theme.series), "ramp": list(theme.ramp), "heatmap": list(theme.ramp)},
    }
