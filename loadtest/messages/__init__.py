"""Every text of the load test's results: messages by id, and their text in each language."""
