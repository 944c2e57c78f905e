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
class Look:
    """The colours of the theme that a picture is made in; on a page the theme does this by itself."""

    background: str
    text: str
    lines: str
    series: Sequence[str]
    ramp: Sequence[str]


def png(figure: Figure, look: Look | None = None) -> bytes:
    """Draw a PNG, in the colours of a theme or in those of Vega."""
    drawn = io.BytesIO()
    _dressed(figure, look).save(drawn, format="png", scale_factor=PNG_SCALE)
    return drawn.getvalue()


def svg(figure: Figure, look: Look | None = None) -> bytes:
    """Draw an SVG, in the colours of a theme or in those of Vega."""
    drawn = io.StringIO()
    _dressed(figure, look).save(drawn, format="svg")
    return drawn.getvalue().encode()


def csv(figure: Figure) -> bytes:
    """Return the rows with a header, in UTF-8; every text in quotes and unchanged."""
    written = pa.BufferOutputStream()
    pyarrow.csv.write_csv(figure.data, written)
    return bytes(written.getvalue())


def rows_json(figure: Figure) -> bytes:
    """Return the rows as a JSON array of objects."""
    return json.dumps(figure.data.to_pylist(), ensure_ascii=False, indent=1).encode()


def _dressed(figure: Figure, look: Look | None) -> alt.Chart | alt.LayerChart:
    rows = alt.InlineData(values=figure.data.to_pylist())  # a table would be held to Altair's limit of 5,000 rows
    chart = figure.chart.properties(width=WIDTH, description=figure.alt, data=rows)
    return chart if look is None else chart.configure(**_config(look))


def _config(look: Look) -> Mapping[str, Any]:
    words = {"labelColor": look.text, "titleColor": look.text}
    return {
        "background": look.background,
        "title": {"color": look.text, "subtitleColor": look.text},
        "axis": words | {"gridColor": look.lines, "domainColor": look.lines},
        "legend": words,
        "view": {"stroke": look.lines},
        "mark": {"color": look.series[0]},
        "range": {"category": list(look.series), "ramp": list(look.ramp), "heatmap": list(look.ramp)},
    }
