"""The command line: seeds, progress, control and the local stack."""
