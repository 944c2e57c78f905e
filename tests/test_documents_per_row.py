"""Documents in each row of a stream, against walking along it."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from mistudio_core.statistics.rows import documents_per_row


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(1, 6))
@example([], 3)
@example([3, 3], 3)
@example([2, 0, 0, 5], 3)
def test_documents_are_counted_by_their_tokens(lengths: list[int], room: int) -> None:
    owners = [number for number, length in enumerate(lengths) for _ in range(length)]
    rows = len(owners) // room
    expected = [len(set(owners[row * room : (row + 1) * room])) for row in range(rows)]
    starts = np.cumsum([0, *lengths])[:-1]
    assert documents_per_row(starts, room, rows).tolist() == expected


def test_a_document_may_have_begun_before_the_first_row() -> None:
    assert documents_per_row(np.array([-7, 2, 4]), 3, 2).tolist() == [2, 2]
