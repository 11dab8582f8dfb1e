"""Settings; what depends on the instance comes from `/opt/haproof/environment`."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

BASE_DIR = Path(__file__).parent.parent

# Nothing is signed: there are no sessions and no CSRF tokens. An application that signs needs one key
# for all instances, from a secret of its own.
SECRET_KEY = secrets.token_urlsafe(50)

# The load balancer's health check sends the instance's address as the host.
ALLOWED_HOSTS = ["*"]

HEALTH_PATH = os.environ.get("HEALTH_PATH", "/health")
IDENTITY = {
    "X-App-Version": os.environ.get("APP_VERSION", "unreleased"),
    "X-Instance-Id": os.environ.get("INSTANCE_ID", "unknown"),
    "X-Availability-Zone": os.environ.get("AVAILABILITY_ZONE", "unknown"),
}
SEED_USERS = int(os.environ.get("SEED_USERS", "0"))

INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "accounts"]
MIDDLEWARE = ["accounts.middleware.identify"]
ROOT_URLCONF = "config.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
PASSWORD_HASHERS = ["accounts.hashers.CheapHasher"]
USE_TZ = True

AWS_REGION = os.environ.get("AWS_REGION")
DATABASE_SECRET_ARN = os.environ.get("DATABASE_SECRET_ARN", "")
DATABASES = {
    "default": {
        "ENGINE": "postgresql",
        "NAME": os.environ.get("DATABASE_NAME", ""),
        "HOST": os.environ.get("DATABASE_HOST", ""),
        "PORT": os.environ.get("DATABASE_PORT", "5432"),
        "CONN_MAX_AGE": 1800,
        "OPTIONS": {"sslmode": "require", "connect_timeout": 10},
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
