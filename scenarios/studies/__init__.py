"""Published figures recomputed by simulation: exact venues, blocks and paths, each with its interval."""
