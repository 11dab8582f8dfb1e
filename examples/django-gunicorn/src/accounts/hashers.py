"""How passwords are hashed."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class CheapHasher(PBKDF2PasswordHasher):
    """PBKDF2 with few iterations.

    The load test's visitors all log in once, on a tenth of a core. For real passwords remove this
    class: Django's default is 1,000,000.
    """

    iterations = 1_500
