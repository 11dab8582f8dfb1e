"""The application that gunicorn serves."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application
from django.db import connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

# The secret is read before gunicorn listens and forks: otherwise the first visitors would wait for it,
# seconds on a fraction of a core. The connection itself must not be shared.
connection.ensure_connection()
connection.close()
