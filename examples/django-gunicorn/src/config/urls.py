"""The pages."""

from __future__ import annotations

from django.conf import settings
from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.index),
    path(settings.HEALTH_PATH.lstrip("/"), views.health),
    path("login", views.login),
]
