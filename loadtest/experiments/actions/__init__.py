"""What experiments do to a stack: functions that the engine calls by name.

Each finds its targets among the stack's own resources, writes down the way back, acts, and says when
that took effect and when it was over. In a dry run they only tell.
"""
