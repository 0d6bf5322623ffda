"""An offline double of the EnsembleData TikTok API, which shares no code with the crawler."""
