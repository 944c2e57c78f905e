"""What the rooms of the library share: the folder, the limits, the actor and the catalog."""

from __future__ import annotations

from dataclasses import dataclass

from mistudio_core.files import Home
from mistudio_core.library.permissions import Actor
from mistudio_core.settings import Settings
from mistudio_core.store.catalog.database import Catalog


@dataclass(frozen=True, slots=True)
class Context:
    """One open library, as its inner functions see it."""

    home: Home
    settings: Settings
    actor: Actor
    catalog: Catalog
