"""The Sequences page: reading them, token search, exports and training code."""
