"""Library: the one front door of the core, composed by what it holds."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from mistudio_core.disk import keep_reserve
from mistudio_core.files import Home
from mistudio_core.library.context import Context
from mistudio_core.library.datasets import Datasets
from mistudio_core.library.exports import Exports
from mistudio_core.library.jobs import Jobs
from mistudio_core.library.maintenance import Maintenance
from mistudio_core.library.permissions import LOCAL, Actor, Role, role_of
from mistudio_core.library.plans import Plans
from mistudio_core.library.rebuild import fill
from mistudio_core.library.samples import Samples
from mistudio_core.library.statistics import Statistics
from mistudio_core.library.tidying import tidy_if_due
from mistudio_core.library.tokenizations import Tokenizations
from mistudio_core.library.tokenizers import Tokenizers
from mistudio_core.settings import Settings
from mistudio_core.store.catalog.database import Catalog


class Library:
    """One library folder. Cheap to open; several may be open at once, in one process or in many.

    What it holds stands under its noun: `datasets`, `samples`, `tokenizations`, `statistics`, `tokenizers`, `jobs`,
    `exports`, `plans` and `maintenance`. A noun is called for the usual question (`library.datasets(status="ready")`,
    `library.samples(dataset_id, limit=10)`), and the commands of the command line are here under the same words.
    What starts work returns at once, with the record of what will be made; `wait` waits for it. All raise
    `StudioError`, and all answers are frozen records with `to_json`.
    """

    def __init__(self, context: Context) -> None:
        """Use `Library.open`."""
        self.home = context.home
        self.settings = context.settings
        self.actor = context.actor
        self.may = context.actor.may
        self.datasets = Datasets(context)
        self.samples = Samples(context)
        self.tokenizations = Tokenizations(context)
        self.statistics = Statistics(context)
        self.tokenizers = Tokenizers(context)
        self.jobs = Jobs(context)
        self.exports = Exports(context)
        self.maintenance = Maintenance(context)
        self.plans = Plans(context)
        self._name_data_commands()
        self._name_token_commands()
        self._name_other_commands()

    def _name_data_commands(self) -> None:
        self.dataset = self.datasets.get
        self.inspect = self.datasets.inspect
        self.search_hub = self.datasets.search_hub
        self.first_rows = self.datasets.first_rows
        self.download = self.datasets.download
        self.import_files = self.datasets.import_files
        self.upload = self.datasets.upload
        self.look_at_files = self.datasets.look_at_files
        self.file_look = self.datasets.file_look
        self.make_example = self.datasets.make_example
        self.replaced_texts = self.datasets.replaced_texts
        self.rename = self.datasets.rename
        self.share = self.datasets.share

        self.search = self.samples.search
        self.concordance = self.samples.concordance
        self.sample_columns = self.samples.columns
        self.token_counts = self.samples.token_counts
        self.export_samples = self.samples.export
        self.build_search_index = self.samples.build_index

    def _name_token_commands(self) -> None:
        self.tokenization = self.tokenizations.get
        self.tokenize = self.tokenizations.tokenize
        self.plan = self.plans.plan
        self.packed_plan = self.plans.packed
        self.adopt = self.plans.adopt
        self.preview = self.tokenizations.preview
        self.source_text = self.tokenizations.source_text
        self.text_sources = self.tokenizations.text_sources
        self.estimate = self.tokenizations.estimate
        self.left_out = self.tokenizations.left_out
        self.cautions = self.tokenizations.cautions
        self.recipe_values = self.tokenizations.recipe_values
        self.manifest = self.tokenizations.manifest
        self.sequence = self.tokenizations.sequence
        self.search_tokens = self.tokenizations.search_tokens

        self.compare = self.statistics.compare
        self.rare_ids = self.statistics.rare_ids

        self.tokenizer = self.tokenizers.get
        self.compare_text = self.tokenizers.compare
        self.load_tokenizer = self.tokenizers.load

        self.export_tokenization = self.exports.write
        self.push = self.exports.push
        self.snippets = self.exports.snippets

    def _name_other_commands(self) -> None:
        self.job = self.jobs.get
        self.log = self.jobs.log
        self.wait = self.jobs.wait
        self.cancel = self.jobs.cancel
        self.retry = self.jobs.retry

        self.storage = self.maintenance.storage
        self.reconcile = self.maintenance.reconcile
        self.delete = self.maintenance.delete
        self.restore = self.maintenance.restore
        self.delete_exports = self.maintenance.delete_exports
        self.verify = self.maintenance.verify
        self.repair = self.maintenance.repair
        self.rebuild = self.maintenance.rebuild

    @classmethod
    def open(
        cls,
        home: Path | str | None = None,
        *,
        actor: str = LOCAL,
        role: Role | None = None,
        settings: Settings | None = None,
        memory: MutableMapping[str, Any] | None = None,
    ) -> Library:
        """Open the library in `home` (else `MISTUDIO_HOME`, else `data/` beside the app), making it if need be.

        `actor` is the name of whoever uses it, and owns what it starts. In a shared library `local` and the names in
        `MISTUDIO_ADMIN` are its hosts, everybody else is a member, and a `role` of `reader` starts nothing.

        `memory` keeps the catalog's snapshot between two lives of a `Library` in one process. A catalog
        that was lost or is damaged is made again from the files. Raises `invalid_request` when the folder cannot be
        written or belongs to a newer program, `library_locked` when it stays locked.
        """
        settings = Settings.from_environment() if settings is None else settings
        if home is not None:
            settings = replace(settings, home=Path(home).expanduser().resolve())
        place = Home(settings.home)
        place.prepare()
        catalog = Catalog(place, settings.lock_timeout_s, memory, partial(fill, place))
        role = role or role_of(actor, shared=settings.shared, admins=settings.admin)
        context = Context(place, settings, Actor(actor, settings.shared, role), catalog)
        library = cls(context)
        place.sweep_trash()
        keep_reserve(place.root)
        library.reconcile()
        tidy_if_due(context)
        return library
