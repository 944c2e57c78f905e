"""Who asks: the accounts of the test Hub, their tokens, and the refusals in the Hub's own words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tests.hub.repository import Repository

OWNER = "researcher"
OWNER_TOKEN = "hf_test_researcher_write"
"""May write to `researcher/*`; let through every gate that names `researcher` a member."""
READ_TOKEN = "hf_test_researcher_read"
"""The same user, reading only."""
LIMITED_TOKEN = "hf_test_researcher_fine_grained"
"""The same user's fine-grained token without the permission to read gated repositories."""
STRANGER_TOKEN = "hf_test_stranger"
"""A valid token of a user who is a member of nothing."""
UNKNOWN_TOKEN = "hf_test_expired"
"""No account has it: every request that carries it is refused, public repositories too."""

BAD_CREDENTIALS = "Invalid credentials in Authorization header"
DISABLED = "Access to this resource is disabled."
FINE_GRAINED_GATE = (
    "Please enable access to public gated repositories in your fine-grained token settings to view this repository."
)


@dataclass(frozen=True)
class Account:
    """One access token and what it may do."""

    user: str
    token: str
    role: Literal["write", "read", "fineGrained"]


ACCOUNTS = {
    account.token: account
    for account in (
        Account(OWNER, OWNER_TOKEN, "write"),
        Account(OWNER, READ_TOKEN, "read"),
        Account(OWNER, LIMITED_TOKEN, "fineGrained"),
        Account("stranger", STRANGER_TOKEN, "write"),
    )
}


@dataclass
class RefusedError(Exception):
    """An answer that ends a request: a status, the Hub's error code ("" for none) and its message."""

    status: int
    message: str
    code: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def account_of(authorization: str | None) -> Account | None:
    """Return the account that a request's Authorization header names, None without the header."""
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    account = ACCOUNTS.get(token)
    if scheme.lower() != "bearer" or account is None:
        raise RefusedError(401, BAD_CREDENTIALS)
    return account


def missing(account: Account | None) -> RefusedError:
    """Return the answer for a repository that does not exist or that the asker must not know of."""
    if account is None:
        return RefusedError(401, "Invalid username or password.", "RepoNotFound")
    return RefusedError(404, "Repository not found", "RepoNotFound")


def may_list(repo: Repository | None, account: Account | None) -> Repository:
    """Return the repository if the asker may see its card and listing."""
    if repo is None or not repo.readable_by(account.user if account else None):
        raise missing(account)
    if repo.disabled:
        raise RefusedError(403, DISABLED)
    return repo


def may_fetch(repo: Repository, account: Account | None) -> None:
    """Refuse the files of a gated repository to whoever has not been let through its gate."""
    if not repo.gated:
        return
    subject = f"Access to {repo.kind} {repo.id} is restricted"
    if account is None:
        raise RefusedError(
            401,
            f"{subject}. You must have access to it and be authenticated to access it. Please log in.",
            "GatedRepo",
        )
    if account.role == "fineGrained":
        raise RefusedError(403, FINE_GRAINED_GATE, "GatedRepo")
    if not repo.open_to(account.user):
        message = f"{subject} and you are not in the authorized list. Visit its page on the Hub to ask for access."
        raise RefusedError(403, message, "GatedRepo")


def may_write(repo_id: str, account: Account | None) -> Account:
    """Return the account if it may write to the namespace of a repository."""
    if account is None:
        raise RefusedError(401, "Invalid username or password.")
    if account.role != "write" or account.user != repo_id.split("/", maxsplit=1)[0]:
        raise RefusedError(403, f"You don't have the rights to write to {repo_id}")
    return account
