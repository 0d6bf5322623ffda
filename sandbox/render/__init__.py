"""The world in the platform's dialects."""
