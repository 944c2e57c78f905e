"""`python -m mistudio_core`: the command line."""

import sys

from mistudio_core.cli.run import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
