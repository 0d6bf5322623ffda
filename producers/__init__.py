"""What a person types: seeds, watching, the local stack."""
