"""Computes what a complete crawl must hold, independently of the crawler."""
