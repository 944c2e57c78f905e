"""Exports: handing sequences to other programs as copies in their formats, to the Hub, or by code to paste."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mistudio_core.errors import StudioError
from mistudio_core.library.access import choose_hf_token
from mistudio_core.library.answers import Snippet
from mistudio_core.library.archive import zipped
from mistudio_core.library.context import Context
from mistudio_core.library.records_view import look
from mistudio_core.library.start import start
from mistudio_core.library.stored_statistics import stored_manifest
from mistudio_core.records import Job

if TYPE_CHECKING:
    from mistudio_core.tokenization.exports.copies import Export


class Exports:
    """The ways by which a trainer gets its sequences."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def __call__(self, tokenization_id: str) -> tuple[Export, ...]:
        """Return the complete copies that were made of a tokenization, at most one of each kind."""
        from mistudio_core.tokenization.exports.copies import exports_of

        record = look(self._context).tokenization(tokenization_id)
        self._context.actor.must("export", record)
        return exports_of(self._context.home, record.id)

    def write(self, tokenization_id: str, kind: str, *, max_samples: int | None = None) -> Job:
        """Start to write a copy into the library's `exports`.

        `kind` is `parquet`, `bin` (sparsify's, for vocabularies up to 65,536), or the text alone as `text`
        (Parquet) or `jsonl`, of which `max_samples` of each split may be taken.
        """
        from mistudio_core.tokenization.exports.copies import check_export
        from mistudio_core.tokenization.exports.source import Source

        record = look(self._context).ready_tokenization(tokenization_id)
        self._context.actor.must("export", record)
        check_export(Source.of(self._context.home, record.dataset_id, record.id), kind, max_samples)
        arguments = {"dataset_id": record.dataset_id, "kind": kind, "max_samples": max_samples}
        return start(self._context, "export", record, arguments)

    def archive(self, tokenization_id: str) -> Iterator[bytes]:
        """Return the folder of a tokenization as a zip file, piece by piece; unpacked, `load_from_disk` opens it."""
        record = look(self._context).ready_tokenization(tokenization_id)
        assert record.path is not None
        return zipped(record.path)

    def push(self, tokenization_id: str, repo_id: str, *, private: bool = True, hf_token: str | None = None) -> Job:
        """Start to push the sequences, as Parquet with a card, to a dataset repository of the user's own."""
        from mistudio_core.sources.repo_ids import parse_repo_id

        record = look(self._context).ready_tokenization(tokenization_id)
        self._context.actor.must("push")
        name, _ = parse_repo_id(repo_id)
        secret = choose_hf_token(self._context.settings, hf_token)
        if secret is None:
            raise StudioError(
                "token_rejected",
                "A push needs an access token with write permission.",
                "Create one in the Hub's settings and enter it here; it is never stored.",
            )
        arguments = {"dataset_id": record.dataset_id, "repo_id": name, "private": private}
        return start(self._context, "push", record, arguments, secret=secret)

    def snippets(self, tokenization_id: str) -> list[Snippet]:
        """Return the code to copy for each program; where strangers share the library, no path of the machine."""
        from mistudio_core.tokenization.exports.shell import commands
        from mistudio_core.tokenization.exports.snippets import programs, snippet
        from mistudio_core.tokenization.exports.versions import version_note

        record = look(self._context).ready_tokenization(tokenization_id)
        assert record.path is not None
        manifest = stored_manifest(record)
        shared = self._context.settings.shared
        shown = Path(record.path.name) if shared else record.path
        even_sequences, found = bool(manifest["policy"]["fixed"]), []
        for name, title in programs().items():
            note = version_note(name, manifest, is_own_machine=not shared)
            try:
                code = snippet(name, shown, manifest, even_sequences=even_sequences)
                found.append(Snippet(name, title, code, None, note))
            except StudioError as error:
                found.append(Snippet(name, title, None, f"{error.message} {error.hint}".strip()))
        if not shared:
            found.append(Snippet("shell", "Shell", commands(self._context.home.root, record.id), None, language="bash"))
        return found
