"""The entrypoint of the app."""

from mistudio_core.ui import shell

shell.run()
