"""Handlers of the resource types in Pulumi's module `aws:acm`."""
