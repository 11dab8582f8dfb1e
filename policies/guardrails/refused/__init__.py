"""Tables of refusals that are parts of the rules about what AWS accepts."""
