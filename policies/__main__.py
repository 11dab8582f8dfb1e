"""The policy pack's entry point."""

from guardrails.analyzer import serve

serve()
