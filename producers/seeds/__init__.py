"""Turn what people paste into the first pages of a crawl."""
