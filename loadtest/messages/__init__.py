"""Everything the load test says in words: messages by id, and their text in each language."""
