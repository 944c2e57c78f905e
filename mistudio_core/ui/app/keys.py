"""The names of everything the app keeps in the session or in the address; no page makes up its own.

A widget whose value is in the address is named after its page, because all pages share one
address. What belongs to one record carries the record's id, so that two cards never share a widget.
"""

from __future__ import annotations

from typing import Final

# In the address (`bind="query-params"`): the words are seen and shared by people.
DATASET_ID: Final = "id"
TAB: Final = "tab"
LIST_SEARCH: Final = "search"
LIST_STATUS: Final = "status"
LIST_SOURCE: Final = "source"
LIST_SORT: Final = "sort"
SAMPLES_PAGE: Final = "page"
CODE_OF: Final = "code"
STATISTICS_OF: Final = "stats_of"
COMPARED: Final = "ids"
JOBS_PAGE: Final = "jobs_page"

LIVE: Final = "300ms"
"""A search is made when somebody stops typing for so long: it needs no key, and no request for each letter."""

# In the session only.
ROUTED: Final = "_routed"
FRAMED: Final = "_framed"
DIALOG: Final = "_dialog"
FINDER: Final = "_finder"
NOTICE: Final = "_notice"
UNDO: Final = "_undo"
UNDO_UNTIL: Final = "_undo_until"
LIST_STEP: Final = "list_step"
REPO: Final = "download_repo"
ACCESS: Final = "download_access"
REVISION: Final = "download_revision"
CONFIG: Final = "download_config"
SPLITS: Final = "download_splits"
MAX_SAMPLES: Final = "download_max_samples"
INSPECTED: Final = "download_look"
LOOKED: Final = "download_looked"
LOOK_WANTED: Final = "download_look_wanted"
CHOSEN: Final = "download_chosen"
SUGGESTED: Final = "download_suggested"
HUB_ROWS: Final = "download_rows"
DOWNLOAD_ERROR: Final = "download_error"
STARTED: Final = "download_started"
UPLOADS: Final = "import_files"
IMPORT_PUBLIC: Final = "import_public"
IMPORT_PATHS: Final = "import_paths"
IMPORT_NAME: Final = "import_name"
IMPORT_ERROR: Final = "import_error"
PREVIEW_JOB: Final = "import_look"
PREVIEW_UPLOAD: Final = "import_look_upload"
IMPORT_DELIMITER: Final = "import_delimiter"
IMPORT_HEADER: Final = "import_header"
IMPORT_NULLS: Final = "import_nulls"
IMPORT_ENCODING: Final = "import_encoding"
IMPORT_FIELD: Final = "import_field"
IMPORT_UNIT: Final = "import_unit"
IMPORT_TEXT_COLUMNS: Final = "import_text_columns"
TEXT_COLUMNS: Final = "download_text_columns"
INVALID_UTF8: Final = "download_invalid_utf8"
IMPORT_INVALID: Final = "import_invalid"
UPLOADS_ROUND: Final = "import_round"
SAMPLE_ERROR: Final = "sample_error"
SAMPLES_SHOWN: Final = "samples_shown"
SAMPLES_FOCUS: Final = "samples_focus"
ADDRESS_WRITTEN: Final = "address_written"
ADD_OPEN: Final = "add_open"
LAST_DATASET: Final = "last_dataset"
SEARCH_SESSION: Final = "search_session"
INDEX_ERROR: Final = "index_error"
TOKENS_ERROR: Final = "tokens_error"
EXPORTED: Final = "exported"


def of(record_id: str, what: str) -> str:
    """Return the key of something that belongs to one record, for example `ds_x:delete`."""
    return f"{record_id}:{what}"


VISITOR: Final = "visitor"
"""Who is at the browser in a shared library without sign-in; a signed cookie brings it back."""
