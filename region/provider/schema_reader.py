"""The process that reads `pulumi_aws` for a region: `python -m region.provider.schema_reader TOKEN…`.

It writes the schemas, pickled, to standard output.
"""

from __future__ import annotations

import pickle
import sys

from region.provider.schema import resource_schema


def main() -> None:
    """Read the schemas of the type tokens that are the arguments."""
    schemas = {token: resource_schema(token) for token in sys.argv[1:]}
    sys.stdout.buffer.write(pickle.dumps(schemas))


if __name__ == "__main__":
    main()
