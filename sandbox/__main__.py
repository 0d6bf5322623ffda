"""Makes `python -m sandbox` run one."""

import sys

from sandbox.server.main import main

sys.exit(main())
