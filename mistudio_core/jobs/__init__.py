"""Job folders: how work is asked for, started, watched and ended. See `protocol` for the files."""
