"""Numbers, sizes and times as people read them, and text of others made safe for Markdown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mistudio_core.library.uploads import safe_name
from mistudio_core.ui.app.escape import one_line, plain
from mistudio_core.ui.widgets import formats

NOW = datetime(2026, 7, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "text"),
    [(None, "unknown"), (0, "0"), (9_999, "9,999"), (10_000, "10 K"), (12_345, "12.3 K"), (999_949, "1 M"),
     (2_100_000, "2.1 M"), (1_240_000_000, "1.24 B"), (446_762, "447 K")],
)  # fmt: skip
def test_counts(number: int | None, text: str) -> None:
    assert formats.count(number) == text


@pytest.mark.parametrize(
    ("part", "text"),
    [(None, "unknown"), (0, "0.0 %"), (1, "100.0 %"), (0.146, "14.6 %"), (1e-9, "< 0.1 %"), (0.0005, "0.1 %"),
     (1 - 1e-9, "> 99.9 %"), (0.9994, "99.9 %")],
)  # fmt: skip
def test_only_nothing_is_none_and_only_all_is_all(part: float | None, text: str) -> None:
    assert formats.percent(part) == text


@pytest.mark.parametrize(
    ("num_bytes", "text"),
    [(None, "unknown"), (0, "0 B"), (1023, "1023 B"), (1024, "1 KB"), (1_536, "1.5 KB"), (1024**2 - 1, "1 MB"),
     (3_146_000_000, "2.93 GB"), (5 * 1024**5, "5 PB"), (5000 * 1024**5, "5000 PB")],
)  # fmt: skip
def test_sizes_divide_by_1024(num_bytes: int | None, text: str) -> None:
    assert formats.size(num_bytes) == text


@given(st.integers(0, 10**18))
def test_a_short_form_never_grows_long(number: int) -> None:
    assert len(formats.count(number)) <= 11
    assert len(formats.size(number)) <= 7


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "unknown"), (0, "0 s"), (0.3, "less than 1 s"), (59.4, "59 s"), (60, "1 min"), (125, "2 min 5 s"),
     (12_000, "3 h 20 min"), (187_200, "2 d 4 h")],
)  # fmt: skip
def test_durations(seconds: float | None, text: str) -> None:
    assert formats.duration(seconds) == text


def test_rates_and_amounts_name_their_unit() -> None:
    assert formats.rate(None, "samples") == ""
    assert formats.rate(0.25, "samples") == "0.25 samples/s"
    assert formats.rate(12_345.6, "samples") == "12.3 K samples/s"
    assert formats.rate(3 * 1024**2, "bytes") == "3 MB/s"
    assert formats.amount(300, 5_000, "samples") == "300 of 5,000 samples"
    assert formats.amount(1024, None, "bytes") == "1 KB"
    assert formats.time_left(None) == ""
    assert formats.time_left(0.2) == "about 1 s left"


@pytest.mark.parametrize(
    ("before", "text"),
    [(timedelta(seconds=3), "just now"), (timedelta(seconds=50), "1 min ago"), (timedelta(minutes=5), "5 min ago"),
     (timedelta(hours=3, minutes=50), "3 h ago"), (timedelta(days=2), "2 d ago"), (timedelta(days=30), "14 Jun 2026")],
)  # fmt: skip
def test_relative_times(before: timedelta, text: str) -> None:
    assert formats.ago(NOW - before, NOW) == text
    assert formats.ago(None, NOW) == "never"
    assert formats.exact_time(NOW) == "2026-07-14 12:00:00 UTC"


def test_markdown_marks_are_escaped_and_icon_names_parted() -> None:
    assert plain("a_b*c") == r"a\_b\*c"
    assert "[x](http" not in plain("[x](http://example.org)")
    for name in (":material/home:", ":smile:", ":+1:", "http://example.org", "->", "<-", "--", ">=", "~="):
        assert name not in plain(name).replace("\\", ""), name
    for name in ("acme/some-name", "12:30", "https://huggingface.co/datasets/acme/x", "a > b"):
        assert plain(name).replace("\\", "") == name, "it can be copied"
    assert "<" not in plain("<b>").replace("\\<", "")


@given(st.text(max_size=400))
def test_a_name_stays_on_one_line_and_bounded(text: str) -> None:
    for shown in (plain(text, 50), one_line(text, 50)):
        assert "\n" not in shown
        assert "\u202e" not in shown
    assert len(one_line(text, 50)) <= 50


@given(st.text(max_size=300))
def test_an_upload_gets_a_harmless_file_name(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert set(safe) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert not safe.startswith(".")
    assert len(safe) <= 120


@pytest.mark.parametrize(
    ("name", "safe"),
    [("data.jsonl.gz", "data.jsonl.gz"), ("../../etc/passwd", "passwd"), ("C:\\x\\my file.csv", "my_file.csv"),
     ("..", "upload"), ("表.parquet", "_.parquet")],
)  # fmt: skip
def test_an_upload_keeps_its_ending(name: str, safe: str) -> None:
    assert safe_name(name) == safe
