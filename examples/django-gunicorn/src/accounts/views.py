"""The pages."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show the form."""
    return render(request, "index.html")


@require_safe
def health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Answer without the database: its outage should not replace every instance."""
    return HttpResponse("ok", content_type="text/plain")


@require_POST
def login(request: HttpRequest) -> HttpResponse:
    """Log in with JSON `{"username": …, "password": …}`: 200, 400 or 401."""
    try:
        form: Any = json.loads(request.body)
        username, password = form["username"], form["password"]
    except (ValueError, KeyError, TypeError):
        username = password = None
    if not isinstance(username, str) or not isinstance(password, str):
        return JsonResponse({"error": "send username and password"}, status=400)
    user = authenticate(request, username=username, password=password)
    if user is None:
        return JsonResponse({"error": "unknown user or wrong password"}, status=401)
    return JsonResponse({"user": user.get_username()})
