"""Tests of the catalog, the sample index and the sequences."""
