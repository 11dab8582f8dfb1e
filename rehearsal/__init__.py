"""The experiment: both stacks on a local region, under the same load, and one verdict."""
