"""The load generators behind one interface: `base.py` says what each has to do."""
