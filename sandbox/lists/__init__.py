"""The world's lists, cut into pages as the API serves them."""
