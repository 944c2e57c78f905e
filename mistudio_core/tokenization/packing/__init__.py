"""From ids to rows: the rules of every preset."""
