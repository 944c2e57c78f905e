"""Maintenance: what the library takes of the disk, deleting, checking the files, making the catalog again."""

from __future__ import annotations

from mistudio_core.errors import in_use
from mistudio_core.files import folder_bytes, free_bytes
from mistudio_core.library import remove
from mistudio_core.library.answers import Storage
from mistudio_core.library.context import Context
from mistudio_core.library.permissions import Act
from mistudio_core.library.rebuild import rebuild
from mistudio_core.library.records_view import look
from mistudio_core.library.undo import restore
from mistudio_core.library.verification.check import check, repair
from mistudio_core.records import Dataset, Deleted, Rebuilt, Repaired, Verification


class Maintenance:
    """What is done to the library as a whole, or to any of its records."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def storage(self) -> Storage:
        """Return the bytes of each part of the library, and those that are free on its disk."""
        home = self._context.home
        return Storage(
            datasets=folder_bytes(home.datasets),
            exports=folder_bytes(home.exports),
            jobs=folder_bytes(home.jobs),
            tokenizers=folder_bytes(home.tokenizers),
            uploads=folder_bytes(home.uploads),
            free_bytes=free_bytes(home.root),
        )

    def reconcile(self) -> None:
        """Take over what finished jobs left, as every question does; cheap when there is nothing new."""
        look(self._context)

    def delete(self, any_id: str, *, cascade: bool = False, undoable: bool = False) -> Deleted:
        """Delete a dataset or a tokenization with its files; `in_use` names what stands against it.

        With `undoable` what was ready can be put back for a minute (`restore`), unless the disk is nearly full.
        """
        view, home, catalog = look(self._context), self._context.home, self._context.catalog
        record = view.record(any_id)
        self._context.actor.must("delete", record)
        undo = remove.Undo(self._context.settings, self._context.actor.name) if undoable else None
        if isinstance(record, Dataset):
            if others := view.of_others(record.id):
                raise in_use(
                    f"Other users of this shared library have tokenized {record.name}.",
                    "It can be deleted once they have deleted their tokenizations; the host can delete all of them.",
                    *others,
                )
            return remove.delete_dataset(home, catalog, record, view.tokenizations(record.id), cascade, undo=undo)
        return remove.delete_tokenization(home, catalog, record, cascade, undo=undo)

    def restore(self, undo: str) -> None:
        """Put back what an undoable deletion of the same actor removed; raise `not_found` after its minute."""
        restore(self._context.home, self._context.catalog, undo, self._context.actor.name)

    def delete_exports(self) -> int:
        """Delete the copies that were made for other programs and return the bytes that were freed."""
        self._context.actor.must("maintain")
        return remove.delete_exports(self._context.home, self._context.catalog)

    def verify(self, any_id: str | None = None, *, deep: bool = False) -> Verification:
        """Read the files again and compare them with their manifests: of one record, or of all."""
        self._must("verify", any_id)
        found = check(self._context, any_id, deep=deep)
        sentences = tuple(problem.sentence() for problem in found.problems)
        repairable = sum(problem.repair is not None for problem in found.problems)
        return Verification(found.checked, sentences, tuple(found.notes), repairable)

    def repair(self, any_id: str | None = None) -> Repaired:
        """Verify, and make again what can be made from other files: of one record, or of all.

        These are indexes, statistics, copies for other programs, tokenizers, records of names, the files of jobs and
        the catalog. What takes long is done by jobs. Nothing is made again of samples and sequences: what helps there
        is said.
        """
        self._must("repair", any_id)
        return repair(self._context, any_id)

    def _must(self, act: Act, any_id: str | None) -> None:
        """Raise `permission_denied` unless the act is allowed on a record, or on the library as a whole."""
        if any_id is None:
            self._context.actor.must("maintain")
        else:
            self._context.actor.must(act, look(self._context).record(any_id))

    def rebuild(self) -> Rebuilt:
        """Make the catalog again from the files."""
        self._context.actor.must("maintain")
        return rebuild(self._context.home, self._context.catalog)
