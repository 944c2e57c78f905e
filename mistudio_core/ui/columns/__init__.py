"""The columns of a dataset at a glance, and from each of their bars to the samples that it counts."""
