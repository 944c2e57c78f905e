"""What is checked in a library, what can be made again of it, and what helps where it cannot."""
