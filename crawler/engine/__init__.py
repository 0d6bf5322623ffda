"""Runs pages: from a message to the follow-ups."""
