"""The pass over a dataset: planned in shards, each made whole or not at all."""
