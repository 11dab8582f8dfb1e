"""`manage.py prepare`: the schema, and the load test's visitors that are missing."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

DEMO_PASSWORD = "music-note-demo"  # noqa: S105 - public, of synthetic users
LOCK = 20_261_125

SEED = """
INSERT INTO auth_user (
    username, password, is_active, is_staff, is_superuser, first_name, last_name, email, date_joined
)
SELECT 'visitor-' || lpad(n::text, 6, '0'), %s, true, false, false, '', '', '', now()
FROM generate_series((SELECT count(*) FROM auth_user) + 1, %s) AS n
ON CONFLICT DO NOTHING
"""


class Command(BaseCommand):
    """The command; Django looks for this name."""

    help = "Apply migrations and create the load test's visitors, one instance at a time."

    def handle(self, *args: object, **options: object) -> None:  # noqa: ARG002
        """Run it under a lock: several instances are deployed to at the same time."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            call_command("migrate", verbosity=0)
            # One hash for all of them: 27,000 would take an instance minutes.
            cursor.execute(SEED, [make_password(DEMO_PASSWORD), settings.SEED_USERS])
        # The lock ends with the session.
        connection.close()
