"""What a complete crawl must hold."""
