"""From ids to sequences: the rules of every preset."""
