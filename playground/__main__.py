"""`python -m playground doctor` checks whether this server is safe to share."""

import sys

from playground.ui.app.doctor import main

sys.exit(main(sys.argv[1:]))
