"""Tests of the example dataset."""
