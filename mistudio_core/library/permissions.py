"""Who may do what in a library: one table of acts, and one rule for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from mistudio_core.errors import StudioError
from mistudio_core.records import Access, Dataset, Job, Tokenization

LOCAL: Final = "local"
"""Who opens the library from a shell or a notebook: whoever can read the folder is its host."""

Role = Literal["host", "member", "reader"]
"""The host of a library may do everything, a member starts things and owns them, a reader only looks."""
Who = Literal["host", "owner", "member"]
Act = Literal[
    "start", "push", "rename", "share", "delete", "cancel", "retry", "log", "export", "verify", "repair",
    "maintain",
]  # fmt: skip

ACTS: Final[Mapping[Act, Who]] = {
    "start": "member",
    "push": "member",
    "rename": "owner",
    "share": "owner",
    "delete": "owner",
    "cancel": "owner",
    "retry": "owner",
    "log": "owner",
    "export": "owner",
    "verify": "owner",
    "repair": "owner",
    "maintain": "host",
}
"""Who may do each act besides the host; `start` and `push` use what their actor sees, and make something of its own."""

_TITLES: Final[Mapping[Act, str]] = {
    "rename": "renamed",
    "share": "shared",
    "delete": "deleted",
    "cancel": "cancelled",
    "retry": "retried",
    "log": "read",
    "export": "exported",
    "verify": "verified",
    "repair": "repaired",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who uses a library. A library that is not shared has one, its host."""

    name: str
    shared: bool
    role: Role = "host"

    @property
    def is_host(self) -> bool:
        """Whether everything is allowed."""
        return self.role == "host"

    def owns(self, record: Dataset | Tokenization | Job) -> bool:
        """Tell whether this actor started what the record is of."""
        return self.role == "member" and record.owner == self.name

    def sees(self, access: str, owner: str) -> bool:
        """Tell whether a dataset with this access and owner, and what is made of it, is there for this actor."""
        return self.is_host or access == "public" or (self.role == "member" and owner == self.name)

    def may(self, act: Act, record: Dataset | Tokenization | Job | None = None) -> bool:
        """Tell whether an act on a record that the actor sees is allowed; what is not is not offered either."""
        who = ACTS[act]
        if self.is_host:
            return True
        if who == "owner":
            return record is not None and self.owns(record)
        return who == self.role

    def must(self, act: Act, record: Dataset | Tokenization | Job | None = None) -> None:
        """Raise `permission_denied` unless the act is allowed."""
        if self.may(act, record):
            return
        if self.role == "reader":
            raise _denied("Only people who are signed in can do this.", "Sign in first.")
        if ACTS[act] == "host" or record is None:
            raise _denied("Only the host of this shared library can do this.", "Ask the host of the app.")
        what = {"ds": "dataset", "tok": "tokenization", "job": "job"}[record.id.partition("_")[0]]
        raise _denied(
            f"The {what} {record.id} belongs to another user of this shared library.",
            f"Only its owner and the host can have it {_TITLES[act]}.",
        )

    def must_fetch(self, access: Access) -> None:
        """Raise `permission_denied` for guarded data in a shared library: a visitor is nobody's account."""
        if self.shared and access != "public":
            raise _denied(
                f"This dataset is {access}, and this library is shared with other people.",
                "Run the app on your own machine to work with gated and private datasets.",
            )

    def must_need_no_token(self, hf_token: str | None) -> None:
        """Raise `permission_denied` for a guarded tokenizer in a shared library: it would be there for everybody."""
        if hf_token is not None and hf_token.strip():
            self.must_be_at_home("A tokenizer that needs an access token")

    def must_be_at_home(self, what: str) -> None:
        """Raise `permission_denied` for what reaches into the machine's own files, in a shared library."""
        if self.shared:
            raise _denied(
                f"{what} cannot be used here, because this library is shared.",
                "Upload the file, use the Hub, or run the app on your own machine.",
            )


def role_of(name: str, *, shared: bool, admins: tuple[str, ...]) -> Role:
    """Return what somebody is to a library; `admins` are the signed-in names that its host chose."""
    return "host" if not shared or name == LOCAL or name in admins else "member"


def _denied(message: str, hint: str) -> StudioError:
    return StudioError("permission_denied", message, hint)
