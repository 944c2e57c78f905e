"""Sequences that stand on disk: read, traced to their samples, checked."""
