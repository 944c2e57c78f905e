"""What a recipe would do, seen before anything is made."""
