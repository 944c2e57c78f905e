"""The names of files and folders of a library that more than one module knows."""

from typing import Final

RAW: Final = "raw"
"""The folder of a dataset with its samples as Parquet, a folder for each split."""
TOKENIZED: Final = "tokenized"
"""The folder of a dataset with its tokenizations."""
DATASET_MANIFEST: Final = "dataset.json"
USER_FILE: Final = "user.json"
"""What people added to a dataset: name and notes."""
SAMPLE_INDEX: Final = "samples.duckdb"
STATISTICS: Final = "statistics.json"
TOKENIZATION_MANIFEST: Final = "manifest.json"
STATISTICS_ARRAYS: Final = "statistics.npz"
UNDO: Final = "undo.json"
"""In the trash: where folders were that can be put back, and until when."""
SAE_LENS: Final = "sae_lens.json"

# A folder that `datasets.load_from_disk` reads.
ARROW_STATE: Final = "state.json"
ARROW_INFO: Final = "dataset_info.json"
ARROW_SPLITS: Final = "dataset_dict.json"
CARD: Final = "README.md"

# A dataset that is being made.
PLAN: Final = "plan.json"
FEATURES: Final = "features.json"
RECEIPTS: Final = "receipts"
MEASURES: Final = "measures"

# A tokenizer, as it comes and as it is stored.
TOKENIZER_JSON: Final = "tokenizer.json"
TOKENIZER_CONFIG: Final = "tokenizer_config.json"
SPECIAL_TOKENS_MAP: Final = "special_tokens_map.json"
MODEL_CONFIG: Final = "config.json"
TOKENIZER_SOURCE: Final = "source.json"
