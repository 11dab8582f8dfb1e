"""The data plane of RDS: a PostgreSQL cluster per DB instance. Knows nothing of AWS's API.

- `cluster` is one: its `settings` (by the `catalogue` of parameters), its `backup`, its `master_user`, and
  the `tls_proxy` at its endpoint, with a `certificate`.
- `installed` says which versions there are, `programs` where the `service_user` can run them. `errors` has
  what can go wrong.
"""
