"""A local AWS region made of real parts. It knows neither load test nor experiment.

- `api/`: the AWS APIs, moto behind one WSGI shell, and their saved state.
- `services/<service>/`: one package per AWS service, with `patches` (where moto's answers differ from
  AWS's), `records` (the typed state kept per resource) and `controller` (what AWS does behind the API).
- `machines/`: EC2 instances, processes in control groups with systemd and a CodeDeploy agent.
- `provider/`: the Pulumi provider named `aws`.

`region.region` assembles these parts, and `region.reconcile` runs the controllers.
"""
