"""Tells in every answer who gave it; the load test's report groups its figures by these."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

View = Callable[[HttpRequest], HttpResponse]


def identify(get_response: View) -> View:
    """Return the middleware."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in settings.IDENTITY.items():
            response[name] = value
        return response

    return middleware
