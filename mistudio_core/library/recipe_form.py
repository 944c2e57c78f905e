"""What a form for recipes needs to know: the fields, and which of them do something beside the others."""

from mistudio_core.tokenization.recipes.effects import effective, idle_field, offered
from mistudio_core.tokenization.recipes.fields import CONVERSATIONS, DEFAULTS, FIELDS, FILTERS, Field
from mistudio_core.tokenization.recipes.recipe import Recipe

__all__ = ["CONVERSATIONS", "DEFAULTS", "FIELDS", "FILTERS", "Field", "Recipe", "effective", "idle_field", "offered"]
