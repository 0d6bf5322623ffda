"""Renders the world's objects as JSON, in the dialects in which the API serves them."""
