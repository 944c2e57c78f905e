"""Where documents hold ids that a rule of packing compares with, so that their sequences can be laid out once more."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.stream import Documents


def marks_of(policy: Policy, documents: Documents) -> npt.NDArray[np.uint32]:
    """Return where documents hold a token of their own that the rule compares with: sample, place in it, and the id.

    With these, the layout of sequences follows from the lengths of the documents alone. Mostly there are none.
    """
    compared = {*policy.sequence_start, *policy.separator, *policy.begin_sequence}
    found = np.zeros(len(documents.encoded.ids), np.bool_)
    for ident in compared:
        found |= documents.encoded.ids == ident
    places = np.flatnonzero(found)
    owners = np.searchsorted(documents.encoded.offsets, places, side="right") - 1
    inner = places - documents.encoded.offsets[owners]
    return np.stack([documents.samples[owners], inner, documents.encoded.ids[places]], axis=1).astype(np.uint32)
