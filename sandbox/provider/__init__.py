"""The API as EnsembleData has it, without its wire."""
