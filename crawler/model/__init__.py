"""Values that everything passes along: enumerations, entities, pages, crawls, errors; no I/O."""
