"""Celery around the engine: the app, its one task, the leader and the supervisor."""
