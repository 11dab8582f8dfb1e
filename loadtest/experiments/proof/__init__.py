"""The proof: every experiment's outcome, predicted beside measured, on one page."""
