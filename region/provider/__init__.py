"""A Pulumi resource provider named `aws` for the local region: `server.ProviderServer`.

The engine attaches to it through `PULUMI_DEBUG_PROVIDERS=aws:<port>` and the program stays the one
that runs on AWS: same package, same resource types, same property names.
"""
