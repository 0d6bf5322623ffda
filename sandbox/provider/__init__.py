"""The API as EnsembleData serves it, without HTTP: endpoints, charges, limits and faults."""
