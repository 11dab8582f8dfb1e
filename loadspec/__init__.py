"""The meaning of a load in words: one definition for the program's settings and the load test.

The program's preview (`components.config`) and the load test must not import each other, and both must
judge a load alike, before minutes of work and after them (ADR 67). Python's standard library is all that
it needs: the Pulumi program loads it in every preview.
"""

from __future__ import annotations
