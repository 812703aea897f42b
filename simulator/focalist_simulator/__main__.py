"""`python -m focalist_simulator`."""

import sys

from .cli import main

sys.exit(main())
