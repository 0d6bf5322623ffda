"""The Redis door: the one rate of all workers, and the gate."""
