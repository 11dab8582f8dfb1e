"""What AWS does behind its API: loops that bring real parts in line with the control plane."""
