"""A Pulumi resource provider named `aws` for the local region: `server.ProviderServer`.

The engine attaches to it through `PULUMI_DEBUG_PROVIDERS=aws:<port>` and the program stays the one
that runs on AWS: same package, same resource types, same property names.

- `service` speaks gRPC (`admission`, `sessions`, `values`), `lifecycle` has the steps of every resource:
  `validate`, `compare`, `autoname`, `creation`.
- one `handler` per type in `resources/`, which works with an `operation` (`clients`, `errors`, `checks`).
- what types are: `schema` by `schema_reader`; `upstream` by `extract_schema`. Where nothing is created:
  `preview_handlers`, `made_up`.
"""
