"""A model of the architecture, built from the resource graph: what rules ask their questions.

Each part is a class that is built from a stack (`stack.derived(Part)`), indexes it once and answers
questions. Values that a preview does not know stay unknown; an answer that depends on one is
"undecided".
"""
