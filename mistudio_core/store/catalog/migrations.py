"""The schema of the catalog, as ordered steps that every older catalog goes through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import duckdb

from mistudio_core.errors import StudioError

Step = Callable[[duckdb.DuckDBPyConnection], None]


def _m001_initial(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("""
        CREATE TABLE datasets (
            id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, source VARCHAR NOT NULL, repo_id VARCHAR, revision VARCHAR,
            config VARCHAR, splits VARCHAR NOT NULL, num_samples BIGINT NOT NULL, size_bytes BIGINT NOT NULL,
            status VARCHAR NOT NULL, error VARCHAR, columns VARCHAR NOT NULL, text_columns VARCHAR NOT NULL,
            created_at TIMESTAMP NOT NULL, updated_at TIMESTAMP NOT NULL, owner VARCHAR NOT NULL,
            access VARCHAR NOT NULL, max_samples BIGINT, notes VARCHAR NOT NULL)""")
    connection.execute("""
        CREATE TABLE tokenizations (
            id VARCHAR PRIMARY KEY, dataset_id VARCHAR NOT NULL, tokenizer VARCHAR NOT NULL,
            tokenizer_revision VARCHAR, vocab_size BIGINT, recipe VARCHAR NOT NULL, context_length BIGINT NOT NULL,
            engine VARCHAR, status VARCHAR NOT NULL, error VARCHAR, num_sequences BIGINT NOT NULL,
            num_tokens BIGINT NOT NULL, num_documents BIGINT NOT NULL, size_bytes BIGINT NOT NULL,
            created_at TIMESTAMP NOT NULL, updated_at TIMESTAMP NOT NULL)""")
    connection.execute("""
        CREATE TABLE jobs (
            id VARCHAR PRIMARY KEY, position BIGINT NOT NULL, kind VARCHAR NOT NULL, subject_id VARCHAR NOT NULL,
            arguments VARCHAR NOT NULL, needs_token BOOLEAN NOT NULL, ended VARCHAR, phase VARCHAR NOT NULL,
            done BIGINT NOT NULL, total BIGINT, unit VARCHAR NOT NULL, error VARCHAR, created_at TIMESTAMP NOT NULL,
            started_at TIMESTAMP, ended_at TIMESTAMP)""")


def _m002_owners(connection: duckdb.DuckDBPyConnection) -> None:
    """Give jobs and tokenizations an owner: that of their dataset, which was asked for until now."""
    for table in ("tokenizations", "jobs"):
        connection.execute(f"ALTER TABLE {table} ADD COLUMN owner VARCHAR DEFAULT 'local'")
    connection.execute("""
        UPDATE tokenizations SET owner = datasets.owner FROM datasets WHERE datasets.id = tokenizations.dataset_id""")
    for table in ("datasets", "tokenizations"):
        connection.execute(f"UPDATE jobs SET owner = {table}.owner FROM {table} WHERE {table}.id = jobs.subject_id")  # noqa: S608 - a name of ours


MIGRATIONS: Final[tuple[tuple[str, Step], ...]] = (("m001_initial", _m001_initial), ("m002_owners", _m002_owners))
"""Only ever appended to: what has run on somebody's catalog stays as it is."""


def migrate(connection: duckdb.DuckDBPyConnection) -> bool:
    """Bring an open catalog to this version; return whether anything changed.

    Each step runs in one transaction with the row that records it. A catalog made by a newer program
    is refused by naming the step that is unknown here; it is left as it is.
    """
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (name VARCHAR PRIMARY KEY, applied_at TIMESTAMP NOT NULL)"
    )
    applied = {name for (name,) in connection.execute("SELECT name FROM migrations").fetchall()}
    unknown = sorted(applied - {name for name, _ in MIGRATIONS})
    if unknown:
        raise StudioError(
            "invalid_request",
            f"This library was created by a newer version (its catalog has {unknown[-1]!r}).",
            "Update miStudio Datasets, or choose another library folder.",
        )
    pending = [(name, step) for name, step in MIGRATIONS if name not in applied]
    for name, step in pending:
        connection.execute("BEGIN")
        step(connection)
        connection.execute("INSERT INTO migrations VALUES (?, now()::TIMESTAMP)", [name])
        connection.execute("COMMIT")
    return bool(pending)
