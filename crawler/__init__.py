"""The crawl itself, from the endpoint table to the step; knows neither Celery nor the command line."""
