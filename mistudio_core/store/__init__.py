"""DuckDB: the catalog of the library, and the index and search of the samples of one dataset."""
