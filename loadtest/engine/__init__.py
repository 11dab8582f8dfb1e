"""Running the load: a generator and its recorder, the availability prober and live progress."""
