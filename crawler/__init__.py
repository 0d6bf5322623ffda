"""The core: from the endpoint table to the page runner; knows neither Celery nor the command line."""
