"""The policy pack's entry point."""

from guardrails.service import serve

serve()
