"""How the resources of one architecture refer to each other."""
