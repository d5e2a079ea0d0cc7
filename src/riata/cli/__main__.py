"""`python -m riata.cli` is `riata`."""

import sys

from riata.cli.app import main

sys.exit(main())
