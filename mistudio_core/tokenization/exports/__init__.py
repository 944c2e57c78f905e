"""Sequences handed to trainers: copies in other formats, and code that reads them."""
