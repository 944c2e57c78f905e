"""What is kept in DuckDB and beside it: the catalog, the sample index and search."""
