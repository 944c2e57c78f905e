"""Kills and power cuts at random moments: `python -m tests.faults.kills`."""
