"""Makes `python -m sandbox` run one."""

import sys

from .server import main

sys.exit(main())
