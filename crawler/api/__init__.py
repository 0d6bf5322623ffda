"""Everything that knows what EnsembleData looks like: its endpoints, its transport, its answers."""
