"""The Settings page: storage, limits, versions and maintenance."""
