"""Lets `python -m sandbox` start the server."""

import sys

from sandbox.server.main import main

sys.exit(main())
