"""The data plane: one HAProxy process per load balancer. Knows nothing of AWS's API.

- `process` runs one: `model` and `rules` say what it should do, `config` and `routing` write that down,
  `tls` what it presents to clients of HTTPS, `listening` opens its sockets.
- `servers` are its targets, changed and read through `runtime_api`; `status` reads its statistics in ELB's
  terms, `request_log` counts requests. `errors` has the error.
"""
