"""One-pass accumulators over texts and tokens, and their results; pure functions of the data."""
