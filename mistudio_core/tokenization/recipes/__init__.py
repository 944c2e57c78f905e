"""How rows are to be made, as one frozen record."""
