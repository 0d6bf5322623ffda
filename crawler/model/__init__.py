"""Values shared by all packages: enumerations, entities, pages, crawls, errors. No I/O."""
