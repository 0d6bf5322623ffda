"""Run Redis (or Valkey) and MongoDB as local processes, without Docker or root."""

from producers.stack.local import Stack, down, ps, up
from producers.stack.processes import Running
from producers.stack.servers import StackError

__all__ = ["Running", "Stack", "StackError", "down", "ps", "up"]
