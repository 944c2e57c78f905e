"""What a tokenizer, or its chat template, raised, in the user's words: both are programs of strangers."""

from __future__ import annotations

from typing import Final

from mistudio_core.errors import StudioError, unexpected

_OTHER: Final = "Use another tokenizer."
_SHOWN: Final = 200


def tokenizer_failure(subject: str, error: BaseException) -> StudioError:
    """Return the error for an exception that came up while `subject` (`The tokenizer 'x'`) was at work."""
    if isinstance(error, MemoryError):
        return StudioError("too_large", f"{subject} needs more memory than it may take.", "Try a shorter text.")
    if isinstance(error, RecursionError):
        return StudioError("tokenizer_unsupported", f"{subject} nests too deep.", _OTHER)
    # The library raises plain Exception; what it did not foresee is a panic, which is no Exception at all.
    if type(error) is Exception or type(error).__name__ == "PanicException":
        lines = str(error).splitlines() or [type(error).__name__]
        return StudioError("tokenizer_unsupported", f"{subject} failed: {lines[0][:_SHOWN]}.", _OTHER)
    return unexpected(error, f"with {subject[:1].lower()}{subject[1:]}")
