"""From what people paste to the first pages of a crawl."""
