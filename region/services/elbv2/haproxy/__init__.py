"""The data plane of a load balancer: one HAProxy process each. Knows nothing of AWS's API."""
