"""The building blocks of both stacks: ComponentResources with their helpers, and pure modules."""
