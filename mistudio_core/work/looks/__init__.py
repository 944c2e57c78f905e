"""What a look worker answers: questions about tokenizers, chat templates and files, which come from strangers."""
