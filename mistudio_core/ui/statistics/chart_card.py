"""A chart in a frame of its own: bars that can be clicked, and a menu that saves it as a picture or as data."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from mistudio_core.ui.app import keys
from mistudio_core.ui.statistics import bar_links
from mistudio_core.ui.widgets.figures import theme_option, themed

if TYPE_CHECKING:
    from mistudio_core.charts.export import ChartTheme
    from mistudio_core.charts.figure import Figure

_FORMATS: Final = {
    "png": ("PNG", "image/png", ":material/image:"),
    "svg": ("SVG", "image/svg+xml", ":material/draw:"),
    "csv": ("CSV", "text/csv", ":material/table:"),
    "json": ("JSON", "application/json", ":material/data_object:"),
}


def draw(figure: Figure, key: str, *, clicks: bar_links.Clicks | None = None) -> None:
    """Draw a figure and its menu; with `clicks` a click on a bar opens its samples or hits.

    A stable key lets the browser change the data in place.
    """
    from mistudio_core.charts.figure import BAR

    chart = themed(figure.chart)
    place = st.container(gap="xsmall")
    with place:
        if clicks is None:
            st.altair_chart(chart, key=key, alt=figure.alt, width="stretch")
        else:
            st.altair_chart(
                chart,
                key=key,
                alt=f"{figure.alt} A click on a bar opens its {clicks.opened}.",
                width="stretch",
                on_select=bar_links.callback(key, clicks),
                selection_mode=BAR,
            )
        _menu(figure, key, f"Click a bar to see its {clicks.opened}." if clicks else "")


def save_json(label: str, values: Any, name: str, key: str) -> None:
    """Draw a button that saves JSON values; they are written when it is pressed."""
    st.download_button(
        label,
        lambda: json.dumps(values, ensure_ascii=False, indent=1).encode(),
        file_name=f"{name}.json",
        mime="application/json",
        icon=":material/download:",
        on_click="ignore",
        key=key,
    )


def note_if_inexact(summary: Mapping[str, Any]) -> None:
    """Say how far the bins and percentiles of a distribution may be off, where they are not exact."""
    if not summary["exact"]:
        st.caption(
            f":material/info: Too many distinct values to count each: median, percentiles and bins are accurate to "
            f"{100 * summary['relative_error']:.2g} % of a value."
        )


def _menu(figure: Figure, key: str, hint: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(hint, width="content")
        with st.popover("Save", icon=":material/download:", key=keys.of(key, "save")):
            theme = _theme()
            for ending, (label, mime, icon) in _FORMATS.items():
                st.download_button(
                    label,
                    _writer(figure, ending, theme),
                    file_name=f"{figure.name}.{ending}",
                    mime=mime,
                    icon=icon,
                    on_click="ignore",
                    key=keys.of(key, ending),
                    width="stretch",
                )


def _writer(figure: Figure, ending: str, theme: ChartTheme) -> Callable[[], bytes]:
    from mistudio_core.charts import export

    written: Mapping[str, Callable[[], bytes]] = {
        "png": lambda: export.png(figure, theme),
        "svg": lambda: export.svg(figure, theme),
        "csv": lambda: export.csv(figure),
        "json": lambda: export.rows_json(figure),
    }
    return written[ending]


def _theme() -> ChartTheme:
    from mistudio_core.charts.export import ChartTheme

    return ChartTheme(
        background=theme_option("backgroundColor"),
        text=theme_option("textColor"),
        lines=theme_option("borderColor"),
        series=theme_option("chartCategoricalColors"),
        ramp=theme_option("chartSequentialColors"),
    )
