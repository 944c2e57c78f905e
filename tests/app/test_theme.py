"""The theme can be read by everybody: WCAG contrast of 4.5:1 for text, 3:1 for the marks of charts, in both looks."""

from __future__ import annotations

import tomllib
from itertools import combinations
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pytest
import vl_convert

from mistudio_core.charts.positions import LINE_TOKENS
from mistudio_core.ui.widgets.figures import themed

CONFIG: dict[str, Any] = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())
LOOKS = ("dark", "light")
BADGE_COLORS = ("red", "orange", "yellow", "green", "blue", "violet", "gray")
WHITE = "#ffffff"
CAPTION_OPACITY = 0.6  # Streamlit draws captions in the text colour, this opaque
TEXT_CONTRAST = 4.5
MARK_CONTRAST = 3.0


def _channels(color: str) -> tuple[int, ...]:
    return tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))


def _luminance(channels: tuple[int, ...]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in channels)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str, opacity: float = 1.0) -> float:
    """Return the WCAG contrast of `one`, drawn this opaque, upon `other`."""
    under = _channels(other)
    drawn = tuple(round(a * opacity + b * (1 - opacity)) for a, b in zip(_channels(one), under, strict=True))
    dark, bright = sorted((_luminance(drawn), _luminance(under)))
    return (bright + 0.05) / (dark + 0.05)


def test_contrast_agrees_with_known_values() -> None:
    assert contrast("#000000", WHITE) == pytest.approx(21)
    assert contrast("#777777", WHITE) == pytest.approx(4.48, abs=0.01)


@pytest.fixture(params=LOOKS)
def look(request: pytest.FixtureRequest) -> dict[str, Any]:
    theme: dict[str, Any] = CONFIG["theme"][request.param]
    return theme


def test_text_and_captions_are_readable_on_every_surface(look: dict[str, Any]) -> None:
    sidebar = look["sidebar"]
    for surface in (look["backgroundColor"], look["secondaryBackgroundColor"], sidebar["backgroundColor"]):
        assert contrast(look["textColor"], surface) >= TEXT_CONTRAST
        assert contrast(look["textColor"], surface, CAPTION_OPACITY) >= TEXT_CONTRAST
    assert contrast(look["textColor"], sidebar["secondaryBackgroundColor"]) >= TEXT_CONTRAST


def test_white_button_text_is_readable(look: dict[str, Any]) -> None:
    assert contrast(WHITE, look["primaryColor"]) >= TEXT_CONTRAST
    assert contrast(look["primaryColor"], look["backgroundColor"]) >= MARK_CONTRAST


def test_links_code_and_table_heads_are_readable(look: dict[str, Any]) -> None:
    assert contrast(look["linkColor"], look["backgroundColor"]) >= TEXT_CONTRAST
    assert contrast(look["codeTextColor"], look["codeBackgroundColor"]) >= TEXT_CONTRAST
    assert contrast(look["dataframeHeaderTextColor"], look["dataframeHeaderBackgroundColor"]) >= TEXT_CONTRAST


@pytest.mark.parametrize("color", BADGE_COLORS)
def test_badges_and_coloured_text_are_readable(look: dict[str, Any], color: str) -> None:
    text = look[f"{color}TextColor"]
    assert contrast(text, look[f"{color}BackgroundColor"]) >= TEXT_CONTRAST
    assert contrast(text, look["backgroundColor"]) >= TEXT_CONTRAST


def test_chart_colours_stand_out_and_differ(look: dict[str, Any]) -> None:
    colors = look["chartCategoricalColors"]
    assert len(set(colors)) == len(colors) == 10
    assert all(contrast(color, look["backgroundColor"]) >= MARK_CONTRAST for color in colors)


# What people see who lack one kind of cone, as matrices upon linear RGB (Machado, Oliveira and Fernandes 2009).
SEEN = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TELLS_APART = 0.1  # in Oklab, where 0.02 is what can just be seen side by side: lines of a chart lie apart


def _oklab(linear: np.ndarray) -> np.ndarray:
    cones = np.array(
        [
            [0.41222147, 0.53633254, 0.05144599],
            [0.21190350, 0.68069955, 0.10739696],
            [0.08830246, 0.28171884, 0.62997870],
        ]
    )
    opponents = np.array(
        [
            [0.21045426, 0.79361779, -0.00407205],
            [1.97799850, -2.42859221, 0.45059371],
            [0.02590404, 0.78277177, -0.80867577],
        ]
    )
    return opponents @ np.cbrt(np.clip(cones @ linear, 0, None))


@pytest.mark.parametrize("eyes", SEEN)
def test_the_lines_of_a_chart_can_be_told_apart_by_everybody(look: dict[str, Any], eyes: str) -> None:
    def seen(color: str) -> np.ndarray:
        linear = np.array(
            [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in np.array(_channels(color)) / 255]
        )
        return _oklab(np.clip(SEEN[eyes] @ linear, 0, 1))

    for one, other in combinations(look["chartCategoricalColors"][:LINE_TOKENS], 2):
        assert np.linalg.norm(seen(one) - seen(other)) > TELLS_APART, (one, other)


def test_sequential_colours_move_away_from_the_page_step_by_step(look: dict[str, Any]) -> None:
    colors = look["chartSequentialColors"]
    contrasts = [contrast(color, look["backgroundColor"]) for color in colors]
    assert len(colors) == 10  # Streamlit ignores a list of any other length
    assert contrasts == sorted(contrasts)


def test_both_looks_set_the_same_things() -> None:
    dark, light = (CONFIG["theme"][look] for look in LOOKS)
    assert set(dark) == set(light)
    assert set(dark["sidebar"]) == set(light["sidebar"])


def test_the_server_is_quiet_and_limited() -> None:
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["server"]["maxUploadSize"] == 50
    assert CONFIG["client"]["toolbarMode"] == "viewer"
    assert CONFIG["runner"]["magicEnabled"] is False


def test_streamlit_knows_every_option() -> None:
    """A misspelt option would be passed over in silence."""
    from streamlit import config

    known = set(config.get_config_options())

    def names(table: dict[str, Any], prefix: str) -> list[str]:
        found = []
        for key, value in table.items():
            found += names(value, f"{prefix}{key}.") if isinstance(value, dict) else [prefix + key]
        return found

    assert set(names(CONFIG, "")) <= known


@pytest.mark.parametrize("kind", LOOKS)
def test_the_words_of_a_chart_follow_the_background_that_the_browser_gives_it(kind: str) -> None:
    bars = alt.Chart(alt.Data(values=[{"a": 1}]), title=alt.Title("Lengths", subtitle="all"))
    look = CONFIG["theme"][kind]
    chart = themed(bars.mark_bar().encode(x="a:Q")).to_dict() | {"background": look["backgroundColor"]}
    drawn = vl_convert.vegalite_to_svg(chart)
    other = CONFIG["theme"]["light" if kind == "dark" else "dark"]
    assert look["grayTextColor"] in drawn
    assert other["grayTextColor"] not in drawn
