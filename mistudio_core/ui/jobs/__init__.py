"""Jobs: their progress, the list of them, and going on with one that stopped."""
