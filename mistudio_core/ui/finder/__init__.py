"""Going anywhere by typing."""
