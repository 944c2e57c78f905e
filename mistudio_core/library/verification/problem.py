"""What a check found: problems, each with what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from mistudio_core.library.context import Context
from mistudio_core.records import Job

Act = Callable[[Context, str], Job | None]
"""Makes something again at once, or starts the job that does; the text says what."""
REPAIR_HELPS: Final = "Repair makes it again."


@dataclass(frozen=True, slots=True)
class Repair:
    """How what is damaged is made again; several problems may have the same one."""

    act: Act
    what: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that is not what was written: of which record, in a sentence, and what helps.

    `repair` is None where the file cannot be made again from others.
    """

    subject: str
    message: str
    helps: str = REPAIR_HELPS
    repair: Repair | None = None

    def sentence(self) -> str:
        """Return all of it as it is shown."""
        return " ".join(filter(None, (f"{self.subject}:", self.message, self.helps)))


@dataclass(slots=True)
class Found:
    """How many files were checked, what is wrong with them, and what the check cannot have seen."""

    checked: int = 0
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(
        self, subject: str, messages: Iterable[str], *, helps: str = REPAIR_HELPS, repair: Repair | None = None
    ) -> None:
        """Add problems with the same remedy."""
        self.problems += [Problem(subject, message, helps, repair) for message in messages]

    def take(self, other: Found) -> None:
        """Add what another check found."""
        self.checked += other.checked
        self.problems += other.problems
        self.notes += other.notes
