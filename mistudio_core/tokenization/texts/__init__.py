"""From samples to the texts that are encoded."""
