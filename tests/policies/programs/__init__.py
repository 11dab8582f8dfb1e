"""Programs as other people write them, held against the pack.

`innocents` are sound: each is judged so from the documentation of AWS before the pack sees it. `broken`
are small changes of them, each with the question that it loses. Both run on the recording engine and
through the real `pulumi preview`.
"""
