"""Token statistics against a slow count of the same rows and documents, in any split and order."""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mistudio_core.errors import StudioError
from mistudio_core.statistics.frequencies import rare_ids
from mistudio_core.statistics.token_results import LIVE_BYTES
from mistudio_core.statistics.tokens import TokenStatistics

VOCABULARY = 12
SPECIAL = (0, 11)
WIDTH = 6
DOCUMENT = st.tuples(st.sampled_from(["train", "test"]), st.integers(0, 50), st.integers(0, 200), st.integers(0, 300))
ROW = st.tuples(
    st.sampled_from(["train", "test"]),
    st.lists(st.integers(0, VOCABULARY - 1), max_size=WIDTH),
    st.integers(1, 4),
)
RELAXED = settings(deadline=None)


def count(documents: list[tuple[str, int, int, int]], rows: list[tuple[str, list[int], int]]) -> TokenStatistics:
    made = TokenStatistics(VOCABULARY, special_ids=SPECIAL, context_length=WIDTH)
    for split in ("train", "test"):
        mine = np.array([row[1:] for row in documents if row[0] == split], np.int64).reshape(-1, 3)
        made.add_documents(mine[:, 0], mine[:, 2], characters=int(mine[:, 1].sum()), split=split)
        made.add_documents(mine[:0, 0], mine[:0, 2], words=int(mine[:, 1].sum()), split=split)
        held = [row for row in rows if row[0] == split]
        made.add_sequences(
            np.array([len(row[1]) for row in held], int), np.array([row[2] for row in held], int), split=split
        )
        for row in held:
            made.add_tokens(np.array(row[1], np.uint16))
    return made


@RELAXED
@given(st.lists(DOCUMENT, max_size=20), st.lists(ROW, max_size=20))
def test_figures_are_those_of_a_slow_count(
    documents: list[tuple[str, int, int, int]], rows: list[tuple[str, list[int], int]]
) -> None:
    result = count(documents, rows).result()
    ids = [token_id for _, row, _ in rows for token_id in row]
    seen = Counter(ids)
    assert (result["documents"], result["tokens"], result["sequences"]) == (len(documents), len(ids), len(rows))
    slots = len(rows) * WIDTH
    assert result["padding"] == {"count": slots - len(ids), "share": (slots - len(ids)) / slots if rows else None}
    assert result["utilisation"] == (len(ids) / slots if rows else None)
    assert result["vocabulary"]["distinct"] == len(seen)
    assert result["vocabulary"]["never_seen"] == VOCABULARY - len(seen)
    assert result["vocabulary"]["rarely_seen"][0] == {"at_most": 1, "ids": sum(n == 1 for n in seen.values())}
    crossing = sum(parts > 1 for _, _, parts in rows)
    assert result["sequences_crossing_documents"]["count"] == crossing
    assert result["documents_per_sequence"]["sum"] == sum(parts for _, _, parts in rows)
    assert {row["id"]: row["count"] for row in result["special_tokens"]} == {key: seen[key] for key in SPECIAL}
    ordered = sorted(seen.items(), key=lambda item: (-item[1], item[0]))
    assert [(row["id"], row["count"]) for row in result["top_tokens"]] == ordered
    tokens, characters = sum(row[1] for row in documents), sum(row[2] for row in documents)
    assert result["document_tokens"]["sum"] == tokens
    assert result["fertility"]["tokens_per_character"] == (tokens / characters if characters else None)
    assert result["fertility"]["tokens_per_word"] == (tokens / characters if characters else None)
    for split, found in result["splits"].items():
        mine = [row for row in documents if row[0] == split]
        assert found["tokens"] == sum(row[1] for row in mine)
        assert found["bytes"] == sum(row[3] for row in mine)
        assert found["sequences"] == sum(row[0] == split for row in rows)
    for bin_ in result["by_length"]:
        mine = [row for row in documents if bin_["first"] <= row[3] <= bin_["last"]]
        assert (bin_["documents"], bin_["tokens"]) == (len(mine), sum(row[1] for row in mine))
    assert sum(bin_["documents"] for bin_ in result["by_length"]) == len(documents)


@RELAXED
@given(st.lists(ROW, min_size=1, max_size=30))
def test_curve_and_coverage_are_those_of_a_slow_count(rows: list[tuple[str, list[int], int]]) -> None:
    result = count([], rows).result()
    counts = sorted(Counter(token_id for _, row, _ in rows for token_id in row).values(), reverse=True)
    total = sum(counts)
    assert [(row["rank"], row["count"]) for row in result["curve"]] == list(enumerate(counts, 1))
    for row in result["curve"]:
        assert row["covered"] == sum(counts[: row["rank"]]) / total
    for row in result["coverage"]:
        enough = [rank for rank in range(1, len(counts) + 1) if sum(counts[:rank]) >= row["share"] * total - 1e-9]
        assert row["ids"] == enough[0]


@RELAXED
@given(
    st.lists(DOCUMENT, max_size=15), st.lists(ROW, max_size=15), st.integers(0, 15), st.randoms(use_true_random=False)
)
def test_no_split_or_order_of_the_data_changes_the_result(
    documents: list[tuple[str, int, int, int]],
    rows: list[tuple[str, list[int], int]],
    cut: int,
    shuffler: random.Random,
) -> None:
    whole = count(documents, rows).result()
    shuffler.shuffle(documents)
    shuffler.shuffle(rows)
    merged = count(documents[cut:], rows[cut:])
    merged.merge(count(documents[:cut], rows[:cut]))
    assert merged.result() == whole


def filled(specials: int = 2) -> TokenStatistics:
    random_numbers, vocab_size = np.random.default_rng(8), 60_000
    made = TokenStatistics(vocab_size, special_ids=range(1, specials + 1), context_length=128)
    made.add_tokens(
        np.minimum(random_numbers.zipf(1.3, 400_000) - 1, vocab_size - 1).astype(np.uint32).reshape(-1, 100)
    )
    lengths = random_numbers.lognormal(5, 2, 3000).astype(np.int64)
    for split in ("train", "test"):
        made.add_documents(lengths, 5 * lengths, characters=9, words=7, split=split)
    made.add_sequences(np.full(10, 100), np.arange(10), width=np.full(10, 120))
    made.add_lost("truncation", 40, 1)
    made.add_lost("filtered", 0, 3)
    made.add_control_tokens({2: 5}, 2)
    return made


def test_what_was_lost_or_stood_in_the_text_is_told_apart() -> None:
    result = filled().result(lambda token_id: f"<{token_id}>")
    assert result["lost"]["tokens"] == 40
    assert result["lost"]["share"] == 40 / result["document_tokens"]["sum"]
    assert result["lost"]["reasons"]["filtered"] == {"tokens": 0, "documents": 3}
    found = {"documents": 2, "count": 5, "tokens": [{"id": 2, "token": "<2>", "count": 5}]}
    assert result["control_tokens_in_text"] == found
    assert result["splits"]["train"]["sequence_slots"] == 1200


def test_a_stored_shard_comes_back_whole(tmp_path: Path) -> None:
    made = filled()
    made.save(tmp_path / "shard.npz")
    restored = TokenStatistics.load(tmp_path / "shard.npz")
    assert restored.result() == made.result()
    restored.merge(made)
    assert restored.result()["tokens"] == 2 * made.result()["tokens"]


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 nothing", b"\x93NUMPY"])
def test_a_damaged_shard_is_named(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "shard.npz"
    path.write_bytes(damage)
    with pytest.raises(StudioError, match=r"shard\.npz is damaged") as raised:
        TokenStatistics.load(path)
    assert raised.value.code == "corrupt_data"


def test_a_shard_of_other_arrays_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", frequencies=np.zeros(3))
    with pytest.raises(StudioError, match="does not hold token statistics"):
        TokenStatistics.load(tmp_path / "other.npz")


@pytest.mark.parametrize("text", [None, lambda _: "\x00" * 500, lambda _: "漢" * 500])
@pytest.mark.parametrize("specials", [2, 1000])
def test_live_statistics_have_the_form_of_the_result_and_stay_small(text: Any, specials: int) -> None:
    made = filled(specials)
    for number in range(200):
        made.add_documents(np.ones(1, int), np.ones(1, int), split=f"split{number}" + "x" * 90)
    live = made.live(text)
    assert len(json.dumps(live)) <= LIVE_BYTES
    result = made.result(text)
    assert live.keys() == result.keys()
    assert (live["live"], result["live"]) == (True, False)
    assert live["document_tokens"] == result["document_tokens"]
    assert live["top_tokens"] == result["top_tokens"][:30]
    assert live["special_tokens"] == (result["special_tokens"] if specials == 2 else [])


def test_live_statistics_of_nothing_can_be_drawn() -> None:
    live = TokenStatistics(10).live()
    assert (live["tokens"], live["curve"], live["document_tokens"]["log"]) == (0, [], [])


def test_rare_ids_come_the_rarest_first() -> None:
    frequencies = np.array([3, 0, 1, 0, 9, 1])
    assert rare_ids(frequencies).tolist() == [1, 3]
    assert rare_ids(frequencies, at_most=3, at_least=1).tolist() == [2, 5, 0]


def test_an_id_beyond_the_vocabulary_is_an_error() -> None:
    with pytest.raises(StudioError, match="the id 12, but its vocabulary has 12"):
        TokenStatistics(12).add_tokens(np.array([3, 12]))


def test_statistics_of_other_tokenizations_are_not_merged() -> None:
    with pytest.raises(ValueError, match="different tokenizations"):
        TokenStatistics(12).merge(TokenStatistics(12, special_ids=[1]))


def test_rows_need_a_width() -> None:
    with pytest.raises(ValueError, match="width"):
        TokenStatistics(12).add_sequences(np.ones(1, int), np.ones(1, int))


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.uint32, np.int64])
def test_many_tokens_are_counted_in_parts(dtype: type) -> None:
    ids = np.random.default_rng(1).integers(0, 1000, (1000, 1100)).astype(dtype)
    made = TokenStatistics(1000)
    made.add_tokens(ids)
    assert made.frequencies.tolist() == np.unique(ids, return_counts=True)[1].tolist()
