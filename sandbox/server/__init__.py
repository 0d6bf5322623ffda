"""The sandbox process: HTTP, the command line, and the admin API of tests."""
