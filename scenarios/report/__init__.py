"""A replay for people: one HTML page, the same as Markdown, and the table of the terminal."""
