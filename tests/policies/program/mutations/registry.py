"""The mutations by name, each with the one rule that it breaks."""

MUTATIONS = {}


def breaks(rule):
    """Registers a change to the good program (`Plan`) that breaks exactly this rule."""

    def register(change):
        MUTATIONS[change.__name__] = (rule, change)
        return change

    return register
