"""Tests of Library, with real workers."""
