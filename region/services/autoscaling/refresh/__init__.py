"""Instance refresh: a group's instances replaced in batches."""
