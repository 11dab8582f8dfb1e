"""The load generators behind one interface, which `base.py` defines."""
