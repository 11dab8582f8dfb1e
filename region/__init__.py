"""A local AWS region made of real parts. It knows neither load test nor experiment.

- `api/`: the AWS APIs, moto behind one WSGI shell, and their saved state.
- `services/<service>/`: one package per AWS service, with `patches` (where moto's answers differ from
  AWS's), `records` (the typed state kept per resource) and `controller` (what AWS does behind the API).
- `machines/`: EC2 instances, containers with systemd and a CodeDeploy agent; `network/` joins them.
- `provider/`: the Pulumi provider named `aws`.
- `access/`: the user's way into instances; `calibration/`: how fast this computer's cores are.
- `takeover/`: what a killed region leaves to the next one; `loopback/`: what all regions share;
  `usage/`: what the region uses of this computer; `time_formats/`: times as AWS writes them;
  `coverage/`: the pages on what the region supports and how long it waits.
- `region.region` assembles these parts, `reconcile` runs the controllers; `config`, `periods` and `quotas`
  are what they are set to.
- `cli` is on top: it starts a region in the foreground or, by `background`, as a process of its own, which
  `session` finds again. Its options: `options`, `start_options`, `image_options`; `reuse` compares them
  with a running region's, `preflight` checks the computer, `shortages` sets missing capacity, and
  `environment` is what Pulumi and boto3 need to know.
- what all parts use: `daemons`, `haproxy_process`, `threads`, `heap`; `credentials`, `private`, `locks`,
  `identity`, `runtime_directories`; `rootless` makes an ordinary user root of a namespace.
"""
