"""What is compared: each peer crawls the same world into the same collections in its own way."""
