"""The change under test; the good program has none. A test overwrites this file."""


def mutate(plan):
    """Leaves the plan as it is."""
