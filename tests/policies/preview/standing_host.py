"""The project's own language host, kept running between commands: a preview then starts no Python.

Started as `python standing_host.py`; prints its port. One command at a time.
"""

from __future__ import annotations

import gc
import sys
from concurrent import futures
from pathlib import Path

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2_grpc

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from toolchain.language_host import PythonHost


class StandingHost(PythonHost):
    """Takes the engine from the handshake, since each command has its own."""

    def Handshake(self, request, context):  # noqa: N802
        self.engine = request.engine_address
        return super().Handshake(request, context)

    def Run(self, request, context):  # noqa: N802
        response = super().Run(request, context)
        if not gc.get_freeze_count():
            # What the first program imported stays: the collector need not walk it in each run.
            gc.collect()
            gc.freeze()
        return response

    def Cancel(self, request, context):  # noqa: N802
        return empty_pb2.Empty()


def main():
    server = grpc.server(futures.ThreadPoolExecutor(16))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(StandingHost(""), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
