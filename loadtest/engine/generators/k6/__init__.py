"""k6 as a load generator: a script for it that walks through the user's plan."""
