"""What tokcrawl promises beyond the comparison, each shown by one bounded run against the sandbox."""
