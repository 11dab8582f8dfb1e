"""The policy pack's entry point."""

from __future__ import annotations

from guardrails.analyzer import serve

serve()
