"""Tokenizers kept on disk: loading, facts, and the text of their tokens."""
