"""Token rows that other projects made of generated text, as hashes, and the script that asks them again."""
