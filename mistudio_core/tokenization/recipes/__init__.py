"""How sequences are to be made, as one frozen record."""
