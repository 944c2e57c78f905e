"""Tokenizers from the Hub, folders and files into the library; only in a worker, since `transformers` loads slowly."""
