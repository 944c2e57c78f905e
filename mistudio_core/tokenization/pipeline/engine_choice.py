"""Which engine a tokenization uses, and when what it made may be published."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.tokenization.engines.encoded import Engine
from mistudio_core.tokenization.engines.fast import FastEngineError
from mistudio_core.tokenization.engines.fast_kinds import FastKind, fast_kind
from mistudio_core.tokenization.engines.feature_shapes import FeatureError
from mistudio_core.tokenization.engines.identity import (
    EnginesDifferError,
    SampledEngine,
    Verdict,
    Watcher,
    check_identity,
    keep_verdict,
    stored_verdict,
)
from mistudio_core.tokenization.engines.odd_texts import OddTexts
from mistudio_core.tokenization.engines.reference import ReferenceEngine, SharedReference
from mistudio_core.tokenization.engines.routed import NOTHING_ROUTED, RoutedEngine, added
from mistudio_core.tokenization.pipeline.shards import Receipt
from mistudio_core.tokenization.pipeline.task import Task

_CHECK: Final = 3
"""Counts the changes of what a check tries, so that verdicts of a weaker one do not last."""
_OTHERS: Final = "Choose the engine auto or reference."


class EngineChoice:
    """Hands each thread an engine. The fast one is taken where it may be, and only as long as its ids are right.

    Its check runs beside the first shards; `publish` waits for it, so that nothing unproven gets a name.
    """

    def __init__(self, task: Task, data_key: Sequence[Any] = (), planned: Mapping[str, Any] | None = None) -> None:
        """Decide; `data_key` says in JSON which data this is, so that the same check need not be made twice.

        Without one, no verdict is kept. `planned` is what was decided for all who work on a plan: then this machine
        is only checked by the hard strings.
        """
        self._task = task
        self._planned = planned
        self._keeps = bool(data_key)
        recipe = task.recipe
        self._key = [*data_key, recipe.splits, recipe.columns, recipe.template, recipe.chat, recipe.control_tokens]
        self._key += [recipe.is_peer, ReferenceEngine.version]
        if recipe.chat is not None:
            self._key += [recipe.chat_date, recipe.chat_tools, recipe.chat_documents]
        self._proven = threading.Event()
        self._failure: BaseException | None = None
        self._watcher = Watcher()
        self._shared = SharedReference(task.tokenizer, control_as_text=task.control_as_text)
        self._odd = OddTexts(())
        self._handing_out = threading.Lock()
        self.fast = self.fell_back = False
        self.reason: str | None = None
        self.verdict: Verdict | None = None
        self._first: Engine | None = None
        self._kind: FastKind
        if task.recipe.engine == "reference":
            self.reason = "the recipe asks for the reference engine"
        elif task.has_token_lists:
            self.reason = "the data is already tokenized"
        elif planned is not None and not planned["fast"]:
            self.reason = planned["reason"]
            self.verdict = None if planned["verdict"] is None else Verdict(**planned["verdict"])
        else:
            self._try_fast()

    def engine(self, *, reference: bool = False) -> Engine:
        """Return a new engine for one thread: the reference if `reference` asks for it or nothing else may be used."""
        if reference or not self.fast:
            return ReferenceEngine(self._task.tokenizer, control_as_text=self._task.control_as_text)
        fast = self._take_first() or self._kind.make(self._task.tokenizer, control_as_text=self._task.control_as_text)
        return RoutedEngine(SampledEngine(fast, self._watcher), self._shared, self._odd)

    def _take_first(self) -> Engine | None:
        """Return the engine that is being checked, when that is over, to whoever asks first: each takes 35 MB."""
        with self._handing_out:
            first, self._first = self._first, None
        if first is not None:
            self._proven.wait()
        return first

    def publish(self) -> None:
        """Wait for the verdict; raise `EnginesDifferError` when it is against the fast engine."""
        self._proven.wait()
        if self._failure is not None:
            raise self._failure
        if self.verdict is not None and not self.verdict.equal:
            raise EnginesDifferError(self.verdict.difference or "")

    def decided(self) -> dict[str, Any]:
        """Return for a plan which engine is used and why, waiting for the verdict.

        Raises `engines_differ` where the recipe allows only the fast engine and it is wrong.
        """
        if self.fast:
            try:
                self.publish()
            except EnginesDifferError as difference:
                self.fall_back(str(difference))
        verdict = None if self.verdict is None else asdict(self.verdict)
        return {"fast": self.fast, "reason": self.reason, "verdict": verdict}

    def fall_back(self, difference: str) -> None:
        """Use the reference from now on; raise `engines_differ` where the recipe allows only the fast engine."""
        self.fast, self.fell_back = False, True
        self.reason = f"its ids differ from the reference: {difference}"
        self._proven.set()
        if self._task.recipe.engine == "fast":
            raise StudioError(
                "engines_differ",
                f"The fast engine gives wrong ids with this tokenizer: {difference}.",
                _OTHERS,
            )

    def to_json(self, receipts: Sequence[Receipt]) -> dict[str, Any]:
        """Return what the manifest and the page say of the engines that made these shards."""
        verdict = self.verdict
        routed = NOTHING_ROUTED
        for receipt in receipts:
            routed = added(routed, receipt.routed)
        return {
            "asked": self._task.recipe.engine,
            "used": sorted({receipt.engine for receipt in receipts}),
            "reference": ReferenceEngine.version,
            "fast": verdict.engine if verdict is not None else None,
            "reason": self.reason,
            "checked_texts": verdict.texts if verdict is not None else 0,
            "checked_bytes": verdict.text_bytes if verdict is not None else 0,
            "routed": {reason: asdict(count) for reason, count in routed.items()},
        }

    def _try_fast(self) -> None:
        try:
            tokenizer, as_text = self._task.tokenizer, self._task.control_as_text
            facts = json.loads(tokenizer.json_path.read_bytes())
            self._kind = fast_kind(facts)
            version = self._kind.version()
            self._key += [version, _CHECK]
            kinds = self._kind.odd_kinds(facts, version, ReferenceEngine.version, as_text)
            self._odd = OddTexts(kinds)
            first = self._kind.make(tokenizer, control_as_text=as_text)
        except (FastEngineError, FeatureError) as error:
            self.reason = str(error)
            if self._task.recipe.engine == "fast":
                raise StudioError(
                    "tokenizer_unsupported", f"The fast engine cannot be used: {error}.", _OTHERS
                ) from None
            return
        self.fast, self._first = True, first
        if self._planned is not None:
            self.verdict = Verdict(**self._planned["verdict"])
            if self.verdict.engine != version:
                self.fast, self._first = False, None
                self.reason = f"the plan was made with {self.verdict.engine}, and this machine has {version}"
                return
            threading.Thread(target=self._check, args=(first,), name="identity check", daemon=True).start()
            return
        self.verdict = stored_verdict(self._task.tokenizer, self._key) if self._keeps else None
        if self.verdict is not None:
            self._proven.set()
            if not self.verdict.equal:
                self.fall_back(self.verdict.difference or "")
                return
        threading.Thread(target=self._check, args=(first,), name="identity check", daemon=True).start()

    def _check(self, fast: Engine) -> None:
        """Check unless that was done before; from then on the reference watches a running sample."""
        task = self._task
        try:
            routed = RoutedEngine(fast, self._shared, self._odd)
            if self._planned is not None:
                found = check_identity(routed, task.tokenizer, task.reader, {})
                self.verdict = self.verdict if found.equal else found
            elif self.verdict is None:
                self.verdict = check_identity(routed, task.tokenizer, task.reader, task.splits)
                if self._keeps:
                    keep_verdict(task.tokenizer, self._key, self.verdict)
            self._watcher.reference = self._shared
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            self._failure = error
        finally:
            self._proven.set()
