"""JMeter as a load generator: a test plan of its Open Model Thread Group, and its results as ours."""
