"""Fixtures that several test files share."""

from tests.hub.fixtures import hub

__all__ = ["hub"]
