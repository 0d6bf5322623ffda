"""Celery around the step: the app, the one task, the feeder and the supervisor."""
