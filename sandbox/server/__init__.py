"""HTTP, command line and the tests' own calls."""
