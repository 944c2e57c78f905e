"""`python -m mistudio_core`: the command line, as `mistudio` is where the package is installed."""

import sys

from mistudio_core.cli.run import main

if __name__ == "__main__":
    sys.exit(main())
