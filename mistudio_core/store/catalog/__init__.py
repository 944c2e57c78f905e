"""The catalog: datasets, tokenizations and jobs in DuckDB."""
