"""A concordance on the page."""
