"""Faults of disks, processes and networks: what is damaged is named, and what is not goes on working."""
