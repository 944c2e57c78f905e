"""Who sees and does what, and which access token a request may use: decided here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

from mistudio_core.errors import StudioError
from mistudio_core.records import Access, Dataset
from mistudio_core.settings import Settings
from mistudio_core.sources.repo_ids import clean_hf_token


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who uses the library. At home there is one, `local`, who may do everything."""

    name: str
    shared: bool

    def sees(self, dataset: Dataset) -> bool:
        """In a shared library, data that the Hub guards is for the one who fetched it."""
        return not self.shared or dataset.access == "public" or dataset.owner == self.name

    def must_own(self, dataset: Dataset) -> None:
        """Raise `permission_denied` unless the dataset may be changed or deleted by this actor."""
        if self.shared and dataset.owner != self.name:
            raise StudioError(
                "permission_denied",
                f"{dataset.name} belongs to another user of this shared library.",
                "Only your own datasets can be changed and deleted.",
            )

    def must_fetch(self, access: Access) -> None:
        """Raise `permission_denied` for guarded data in a shared library: a visitor is nobody's account."""
        if self.shared and access != "public":
            raise StudioError(
                "permission_denied",
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
            raise StudioError(
                "permission_denied",
                f"{what} cannot be used here, because this library is shared.",
                "Upload the file, use the Hub, or run the app on your own machine.",
            )


def choose_hf_token(settings: Settings, given: str | None) -> str | None:
    """Return the token to use: the one given, else `HF_TOKEN`, else one saved by `hf auth login`.

    In a shared library only the one given: the machine's own login is not the visitors'.
    """
    if given is not None and given.strip():
        return clean_hf_token(given)
    if settings.shared:
        return None
    from huggingface_hub import get_token

    saved = get_token()
    return clean_hf_token(saved) if saved else None
