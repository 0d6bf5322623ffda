"""The world cut into pages."""
