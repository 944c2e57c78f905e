"""Handing token sequences to other programs: copies in their formats, the user's own repository, code to paste."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mistudio_core.errors import StudioError
from mistudio_core.library.access import choose_token
from mistudio_core.library.comparing import Comparing
from mistudio_core.library.start import start
from mistudio_core.records import Job, Tokenization


@dataclass(frozen=True, slots=True)
class Snippet:
    """The code with which a program (by its `name` and its title) takes sequences, or in `problem` why it cannot."""

    name: str
    program: str
    code: str | None
    problem: str | None


class HandingOver(Comparing):
    """The methods of `Library` by which a trainer gets its sequences."""

    def export_tokenization(self, tokenization_id: str, kind: str, *, max_samples: int | None = None) -> Job:
        """Start to write a copy into the library's `exports`.

        `kind` is `parquet`, `bin` (sparsify's, for vocabularies up to 65,536), or the text alone as `text`
        (Parquet) or `jsonl`, of which `max_samples` of each split may be taken.
        """
        from mistudio_core.tokenization.exports.copies import check_export
        from mistudio_core.tokenization.exports.source import Source

        record = self._ready(tokenization_id)
        check_export(Source.of(self.home, record.dataset_id, record.id), kind, max_samples)
        return self._start(record, "export", {"kind": kind, "max_samples": max_samples}, None)

    def push(self, tokenization_id: str, repo_id: str, *, private: bool = True, token: str | None = None) -> Job:
        """Start to push the sequences, as Parquet with a card, to a dataset repository of the user's own."""
        from mistudio_core.sources.repo_ids import parse_repo_id

        record = self._ready(tokenization_id)
        name, _ = parse_repo_id(repo_id)
        secret = choose_token(self.settings, token)
        if secret is None:
            raise StudioError(
                "token_rejected",
                "A push needs an access token with the permission to write.",
                "Make one in the Hub's settings and give it here; it is not kept.",
            )
        return self._start(record, "push", {"repo_id": name, "private": private}, secret)

    def exports(self, tokenization_id: str) -> list[dict[str, Any]]:
        """Return the whole copies that were made: `kind`, `path`, `size_bytes`, `made_at` (seconds since 1970)."""
        from mistudio_core.tokenization.exports.copies import exports_of

        return exports_of(self.home, self.tokenization(tokenization_id).id)

    def snippets(self, tokenization_id: str) -> list[Snippet]:
        """Return the code to copy for each program; where strangers share the library, no path of the machine."""
        from mistudio_core.tokenization.exports.snippets import programs, snippet

        folder, manifest = self._tokenization_folder(tokenization_id), self.manifest(tokenization_id)
        shown = Path(folder.name) if self.settings.shared else folder
        even_sequences, found = bool(manifest["policy"]["fixed"]), []
        for name, title in programs().items():
            try:
                found.append(Snippet(name, title, snippet(name, shown, manifest, even_sequences=even_sequences), None))
            except StudioError as error:
                found.append(Snippet(name, title, None, f"{error.message} {error.hint}".strip()))
        return found

    def _ready(self, tokenization_id: str) -> Tokenization:
        self._tokenization_folder(tokenization_id)
        return self.tokenization(tokenization_id)

    def _start(self, record: Tokenization, kind: str, arguments: Mapping[str, Any], secret: str | None) -> Job:
        job_id = start(
            self.home,
            self.settings,
            self._catalog,
            kind=kind,
            subject=record,
            arguments={"dataset_id": record.dataset_id, **arguments},
            secret=secret,
            check=lambda _: None,
        )
        return self.job(job_id)
