"""The sample index: pages, filters, sorting, search and export of samples."""
