"""Charts of tokenizations side by side, from the result of `statistics.compare.compare`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt
import pyarrow as pa

from mistudio_core.charts.figure import (
    EXACT,
    PERCENT,
    Figure,
    axis_of,
    exact,
    rows_table,
    span,
    titled,
)
from mistudio_core.charts.lines import lines

_HEIGHT: Final = 420  # with room for a legend of four lines
_NAME_WIDTH: Final = 240  # of a legend on a telephone
_SHORT: Final = "split(datum.value, ' · ')[0]"  # along an axis, where a name has no room
FERTILITIES: Final = {
    "tokens_per_character": "tokens per character",
    "tokens_per_byte": "tokens per byte",
    "tokens_per_word": "tokens per word",
    "characters_per_token": "characters per token",
    "bytes_per_token": "bytes per token",
}
_BY_SPLIT: Final = [
    ("name", pa.string()), ("split", pa.string()), ("documents", pa.int64()), ("fertility", pa.float64())
]  # fmt: skip
_BY_LENGTH: Final = [
    ("name", pa.string()), ("range", pa.string()), ("middle", pa.float64()), ("count", pa.int64()),
    ("value", pa.float64()),
]  # fmt: skip
_OVERLAP: Final = [
    ("one", pa.string()), ("other", pa.string()), ("shared", pa.int64()), ("jaccard", pa.float64()),
    ("covered", pa.float64()),
]  # fmt: skip


def fertility_by_split(comparison: Mapping[str, Any], measure: str = "tokens_per_byte") -> Figure:
    """Draw one measure of fertility, a key of `FERTILITIES`, for each split and tokenization."""
    rows = [dict(row) | {"fertility": row[measure]} for row in comparison["fertility_by_split"]]
    data = rows_table(rows, _BY_SPLIT)
    words = FERTILITIES[measure]
    chart = (
        alt.Chart(data, height=_HEIGHT, title=titled("Fertility by split", "all documents"))
        .mark_bar()
        .encode(
            x=alt.X("split:N", sort=None).title("split").axis(labelAngle=0),
            xOffset=alt.XOffset("name:N", sort=None),
            y=alt.Y("fertility:Q").title(words),
            color=_series(),
            tooltip=[
                alt.Tooltip("name:N", title="tokenization"),
                alt.Tooltip("split:N", title="split"),
                alt.Tooltip("fertility:Q", title=words),
                alt.Tooltip("documents:Q", title="documents", format=EXACT),
            ],
        )
    )
    named = "; ".join(f"{row['name']}, {row['split']}: {exact(row['fertility'])}" for row in rows)
    return Figure("fertility-by-split", chart, f"Bars. {words.capitalize()} by split: {named}.", data)


def fertility_by_length(comparison: Mapping[str, Any]) -> Figure:
    """Draw the tokens per byte along the length of documents in bytes."""
    rows = [_point(row, row["documents"], row["tokens_per_byte"]) for row in comparison["fertility_by_length"]]
    return _lines(
        "fertility-by-length",
        rows,
        alt.TitleParams("Fertility by length", subtitle="all documents", anchor="start"),
        x="length of the document (bytes)",
        y=alt.Y("value:Q").title(FERTILITIES["tokens_per_byte"]),
    )


def length_lines(comparison: Mapping[str, Any]) -> Figure:
    """Draw the distributions of document lengths in tokens over each other, as shares, over a logarithmic axis."""
    rows = [_point(row, row["count"], row["share"]) for row in comparison["lengths"]]
    return _lines(
        "lengths",
        rows,
        alt.TitleParams("Document length in tokens", subtitle="all documents, four bins per doubling", anchor="start"),
        x="length (tokens)",
        y=alt.Y("value:Q").title("documents (%)").axis(format="%"),
        percent=True,
    )


def overlap_map(comparison: Mapping[str, Any]) -> Figure:
    """Draw, for each pair, which share of the one's tokens has strings that the other uses too."""
    rows: list[dict[str, Any]] = []
    for row in comparison["overlap"]:
        facts = {"shared": row["shared"], "jaccard": row["jaccard"]}
        rows.append(facts | {"one": row["one"], "other": row["other"], "covered": row["share_of_one"]})
        rows.append(facts | {"one": row["other"], "other": row["one"], "covered": row["share_of_other"]})
    data = rows_table(rows, _OVERLAP)
    names = [facts["name"] for facts in comparison["tokenizations"]]
    chart = (
        alt.Chart(
            data, height=_HEIGHT, title=titled("Shared tokens", "share of the tokens of a row in the column's strings")
        )
        .mark_rect()
        .encode(
            x=alt.X("other:N", sort=names)
            .title("strings of")
            .axis(labelAngle=0, labelExpr=_SHORT, labelLimit=_NAME_WIDTH),
            y=alt.Y("one:N", sort=names).title("tokens of").axis(labelExpr=_SHORT, labelLimit=_NAME_WIDTH),
            color=alt.Color("covered:Q", scale=alt.Scale(domain=[0, 1]))
            .title("share")
            .legend(format="%", orient="bottom", gradientLength=200),
            tooltip=[
                alt.Tooltip("one:N", title="tokens of"),
                alt.Tooltip("other:N", title="strings of"),
                alt.Tooltip("covered:Q", title="share of tokens", format=PERCENT),
                alt.Tooltip("shared:Q", title="strings used by both", format=EXACT),
                alt.Tooltip("jaccard:Q", title="of all strings used by either", format=PERCENT),
            ],
        )
    )
    named = "; ".join(f"{row['one']} in {row['other']}: {exact(row['covered'])}" for row in rows)
    return Figure("overlap", chart, f"Heatmap. Share of tokens whose strings the other uses too: {named}.", data)


def _lines(
    name: str, rows: Sequence[Mapping[str, Any]], title: alt.TitleParams, *, x: str, y: alt.Y, percent: bool = False
) -> Figure:
    data = rows_table(rows, _BY_LENGTH)
    value = alt.Tooltip("value:Q", title="share", format=PERCENT) if percent else alt.Tooltip("value:Q", title="value")
    tooltip = [
        alt.Tooltip("name:N", title="tokenization"),
        alt.Tooltip("range:N", title=x),
        alt.Tooltip("count:Q", title="documents", format=EXACT),
        value,
    ]
    chart = lines(data, tooltip=tooltip, height=_HEIGHT, title=title).encode(
        x=alt.X("middle:Q", scale=alt.Scale(type="log", nice=False)).title(x).axis(**axis_of("log")),
        y=y,
        color=_series("stroke"),
        # Of two lines in one place, both can be seen.
        strokeDash=alt.StrokeDash("name:N", sort=None).title(None),
    )
    names = sorted({row["name"] for row in rows})
    return Figure(name, chart, f"Lines. {title.text} for {', '.join(names)}, over the {x}.", data)


def _series(symbol: str = "square") -> alt.Color:
    # Below and one under the other: beside the chart, or each other, long names would take its room.
    legend = alt.Legend(orient="bottom", columns=1, labelLimit=_NAME_WIDTH, symbolType=symbol)
    return alt.Color("name:N", sort=None, legend=legend).title(None)


def _point(row: Mapping[str, Any], count: int, value: float | None) -> dict[str, Any]:
    # A length of 0 has no place on a logarithmic axis: it is drawn where its bar would be.
    middle = ((row["first"] or 0.5) * (row["last"] + 1)) ** 0.5
    named = span(row["first"], row["last"])
    return {"name": row["name"], "range": named, "middle": middle, "count": count, "value": value}
