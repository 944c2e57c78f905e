"""The entrypoint of the app."""

from mistudio_core.ui.app import shell

shell.run()
