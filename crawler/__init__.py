"""The crawl itself: endpoints, reading, planning, ledger, limits and the step; knows neither Celery nor the command line."""
