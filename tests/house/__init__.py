"""Tests of the project's own rules: layers, names, documentation."""
