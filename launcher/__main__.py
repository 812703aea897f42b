"""Entry point, started by the `focalist` script as a file: `python launcher ...`."""

import sys
from pathlib import Path

# A file started by its path has its own folder in front of the path, where
# `launcher` is not a package. The root is what belongs there.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from launcher.commands import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
