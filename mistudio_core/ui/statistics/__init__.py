"""The Statistics tab and the comparison of tokenizations."""
