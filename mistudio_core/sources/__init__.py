"""Where data comes from: the Hugging Face Hub, local files and the built-in sample."""
