"""What a look worker answers: questions about tokenizers and chat templates, which come from strangers."""
