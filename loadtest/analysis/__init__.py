"""From a run's requests to figures, confidence, validity and a verdict."""
