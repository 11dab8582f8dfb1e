"""The building blocks of both stacks: ComponentResources with their helpers, and pure modules.

- `service` builds both topologies on one `foundation`: `vpc` (`cidr`, `private_subnets`, `flow_logs`),
  `security_groups`, `database`, `iam` (`iam_documents`), and the revision's store in `revision/`.
- compute: `single_instance` or `auto_scaling_group`, both from an `instance_spec` with `user_data`;
  `load_balancer` with `health_check`, `domain`, `access_logs`; `codedeploy`.
- `release` and `release_hook` start what happens after `up`. `config/` reads the settings;
  `observability/` and `cost/` are their own packages.
- `base` is what every component extends; `tags`, `buckets`, `lookups`, `errors` are shared.
"""
