"""Running the load: Artillery, its recorder, the availability prober and live progress."""
