"""Reading stored token sequences and searching them."""
