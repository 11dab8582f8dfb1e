"""Elastic Load Balancing in the local region.

- calls: `patches` and `<area>_patches`, with `attributes`, `limits`, `repeats` and `errors`.
- `desired` turns load balancers, `target_groups` and rules (`conversion`) into values of the data plane,
  `haproxy/`; `controller` runs it and takes targets' health from it.
- `certificates` of HTTPS listeners.
- `zones`: where a load balancer's name leads; `metrics`, `records`, `periods`.
"""
