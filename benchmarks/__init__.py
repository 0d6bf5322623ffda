"""Measures tokcrawl beside its peers, and at the edges it promises to hold."""
