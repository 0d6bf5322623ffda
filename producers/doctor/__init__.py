"""Check what a crawl depends on: `tokcrawl doctor`."""
