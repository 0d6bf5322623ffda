"""An offline double of the EnsembleData TikTok API; shares no code with the crawler."""
