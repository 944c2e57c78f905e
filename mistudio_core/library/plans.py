"""Plans: one tokenization that many machines make together, in a folder that they share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mistudio_core.errors import StudioError, invalid
from mistudio_core.file_names import DATASET_MANIFEST, TOKENIZATION_MANIFEST
from mistudio_core.files import new_id, read_json, sync_folder
from mistudio_core.library import manifests
from mistudio_core.library.context import Context
from mistudio_core.library.packed_plan import PackedPlan, packed_plan
from mistudio_core.library.records_view import look
from mistudio_core.library.stored_statistics import stored_manifest
from mistudio_core.library.stored_tokenizers import full_name, tokenizer_for, tokenizer_of
from mistudio_core.records import Record, Tokenization, as_json, now


@dataclass(frozen=True, slots=True)
class PlanRecord(Record):
    """A plan: the id of the tokenization that it will be, its folder, and how much there is to do."""

    id: str
    dataset_id: str
    uri: str
    stages: tuple[str, ...]
    shards: int


class Plans:
    """The plans that a library writes and takes over; what lies between is `mistudio_core.tokenization.scale`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def plan(
        self, dataset_id: str, recipe: Mapping[str, Any] | None = None, *, out: Path | str, like: str | None = None
    ) -> PlanRecord:
        """Plan a tokenization of a dataset in the new folder `out`: by a recipe, or like a tokenization.

        A plan like a tokenization has its recipe and its seams: the same samples give the same bytes, in whatever files
        they lie. Raises `tokenizer_not_found` while the library does not keep the tokenizer: load it first.
        """
        from mistudio_core.tokenization.recipes.recipe import Recipe
        from mistudio_core.tokenization.scale.planfile import write_plan
        from mistudio_core.tokenization.texts.chat import dated

        self._context.actor.must_be_at_home("A plan")
        view = look(self._context)
        dataset = view.ready_dataset(dataset_id)
        assert dataset.path is not None
        if (recipe is None) == (like is None):
            raise invalid("Give either a recipe or a tokenization to plan like.", "For example --like tok_...")
        made: Mapping[str, Any] | None = None
        if like is not None:
            made = stored_manifest(view.ready_tokenization(like)).document
            wanted, tokenizer = Recipe.from_stored(made["recipe"]), tokenizer_of(self._context, like, made)
        else:
            wanted = Recipe.from_fields(recipe or {}).resolved(
                splits=dataset.splits, columns=dataset.columns, text_columns=dataset.text_columns
            )
            wanted = replace(wanted, tokenizer=full_name(self._context, wanted.tokenizer))
            tokenizer = tokenizer_for(self._context, wanted)
        piece = self._context.settings.max_piece_mb << 20
        planned = write_plan(
            Path(out).expanduser().resolve(), dataset.path, dated(wanted, tokenizer, date.today()), tokenizer,
            tokenization_id=new_id("tok"), created_at=str(as_json(now())), owner=self._context.actor.name, like=made,
            max_piece_bytes=piece or None,
        )  # fmt: skip
        stages = tuple(planned.document["stages"])
        shards = len(planned.task.plan.shards)
        return PlanRecord(planned.document["id"], dataset_id, str(planned.folder), stages, shards)

    def packed(self, dataset_id: str, recipe: Mapping[str, Any]) -> PackedPlan:
        """Plan a tokenization and return the plan as a file to be taken to a cluster, with the commands for it.

        The machines there must see the files of the dataset under the paths that they have here.
        """
        with TemporaryDirectory(prefix="plan-", dir=self._context.home.uploads) as scratch:
            record = self.plan(dataset_id, recipe, out=Path(scratch) / "plan")
            return packed_plan(Path(record.uri), record.id, record.shards, self._context.settings)

    def adopt(self, folder: Path | str, *, copy: bool = False) -> Tokenization:
        """Merge a plan if that is not done, and take what it made into the library as a tokenization.

        Its files stay where they are, and deleting the tokenization leaves them; with `copy` they are copied. Raises
        `not_found` without the dataset, and `invalid_request` where that holds other data than was planned.
        """
        from mistudio_core.tokenization.output.verify import verify_files
        from mistudio_core.tokenization.scale.facts import files_sha256
        from mistudio_core.tokenization.scale.planfile import MADE
        from mistudio_core.tokenization.scale.run import merge_plan

        self._context.actor.must_be_at_home("A plan")
        folder = Path(folder).expanduser().resolve()
        manifest = merge_plan(folder, threads=self._context.settings.threads)
        home, made = self._context.home, folder / MADE
        dataset = look(self._context).ready_dataset(manifest["dataset_id"])
        assert dataset.path is not None
        if files_sha256(read_json(dataset.path / DATASET_MANIFEST) or {}) != manifest["dataset"]["files_sha256"]:
            raise invalid(f"{dataset.name} holds other data than was planned.", "Adopt it where it was planned.")
        problems = verify_files(made)[1]
        if problems:
            raise StudioError("corrupt_data", problems[0], "Remove its manifest.json, run shard again and merge.")
        place = home.tokenization(dataset.id, manifest["id"])
        if not (place / TOKENIZATION_MANIFEST).exists():
            _place(made, place, home.tokenization_draft(dataset.id, manifest["id"]), copy=copy)
        record = manifests.read_tokenization(home, place, self._context.actor.name)
        assert record is not None
        with self._context.catalog.transaction() as transaction:
            transaction.put_tokenization(record)
        return record


def _place(made: Path, place: Path, draft: Path, *, copy: bool) -> None:
    """Put a copy of a tokenization, or a link to it, into its dataset in one step."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if draft.is_symlink():
        draft.unlink()
    shutil.rmtree(draft, ignore_errors=True)
    if copy:
        shutil.copytree(made, draft)
    else:
        draft.symlink_to(made, target_is_directory=True)
    os.rename(draft, place)
    sync_folder(place.parent)
