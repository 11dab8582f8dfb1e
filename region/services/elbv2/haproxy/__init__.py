"""The data plane: one HAProxy process per load balancer. Knows nothing of AWS's API."""
