"""KMS: keys, and what a key in each of its states does."""
