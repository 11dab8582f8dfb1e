"""A Python language host for the Pulumi engine, for machines where the official one is missing.

The engine runs programs through a gRPC service named `pulumirpc.LanguageRuntime`. Pulumi's release
archive ships one per language; a build of the engine from Go modules has none. The Python SDK contains an
implementation of the same service for the Automation API (`pulumi.automation._server`): this executable
serves it, and adds what that class does not need there, the start of policy packs.

Started by the engine as `pulumi-language-python … <engine address>`; prints its port on stdout and
nothing else.
"""

from __future__ import annotations

import os
import queue
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent import futures
from functools import partial
from pathlib import Path
from typing import IO, Any

import grpc
import yaml
from google.protobuf import empty_pb2
from pulumi.automation._server import LanguageServer  # pyright: ignore[reportPrivateImportUsage]
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

MAX_MESSAGE_BYTES = 400 * 1024 * 1024
"""The engine's own limit of a gRPC message (sdk/go/common/util/rpcutil)."""
WATCH_INTERVAL_S = 1.0


def interpreter(project_file: Path) -> str:
    """Return the Python that `runtime.options.virtualenv` of a project or policy pack names.

    Falls back to the interpreter of this host, which is the checkout's own environment.
    """
    try:
        document: Any = yaml.safe_load(project_file.read_text(encoding="utf-8"))
        virtualenv = document["runtime"]["options"]["virtualenv"]
    except (OSError, KeyError, TypeError, yaml.YAMLError):
        return sys.executable
    candidate = project_file.parent / virtualenv / "bin" / "python"
    return str(candidate) if candidate.exists() else sys.executable


class PythonHost(LanguageServer):
    """Serves one engine until it cancels or goes away."""

    def __init__(self, engine: str) -> None:
        # The base class expects an inline program at construction; here it is known only at `Run`.
        self.engine = engine

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Accept the engine; this host keeps no state."""
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Return the version of the service, not of the SDK."""
        return plugin_pb2.PluginInfo(version="1.0.0")

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Run the program in this process, in the project's directory."""
        program = Path(request.info.program_directory, request.info.entry_point or ".")
        os.chdir(request.pwd)
        sys.path.insert(0, request.pwd)
        self.program = partial(_run_program, program)
        request.args[:] = [self.engine]
        return super().Run(request, context)

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        """Run a policy pack (or another Python plugin) and pass its output to the engine."""
        directory = Path(request.info.program_directory)
        if request.kind == "analyzer":
            python = interpreter(directory / "PulumiPolicy.yaml")
            command = [python, "-u", "-m", "pulumi.policy", *request.args, str(directory)]
            working_directory = directory
        else:
            command = [sys.executable, str(directory), *request.args]
            working_directory = Path(request.pwd)
        environment = dict(entry.split("=", 1) for entry in request.env) or None
        process = subprocess.Popen(
            command,
            cwd=working_directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        context.add_callback(process.terminate)
        yield from _relay(process)
        # The generated stub says bytes; the protocol says int32.
        yield language_pb2.RunPluginResponse(exitcode=process.wait())

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """End this process: a host that stays costs ten seconds at the end of every command."""
        threading.Timer(0.2, os._exit, (0,)).start()
        return empty_pb2.Empty()


def _run_program(program: Path) -> None:
    runpy.run_path(str(program), run_name="__main__")


def _relay(process: subprocess.Popen[bytes]) -> Iterator[Any]:
    """Yield the output of both pipes as it arrives, until both are closed."""
    messages: queue.Queue[Any] = queue.Queue()

    def pump(stream: IO[bytes], name: str) -> None:
        for chunk in iter(lambda: os.read(stream.fileno(), 4096), b""):
            fields: dict[str, Any] = {name: chunk}
            messages.put(language_pb2.RunPluginResponse(**fields))
        messages.put(None)

    assert process.stdout is not None  # noqa: S101
    assert process.stderr is not None  # noqa: S101
    for stream, name in ((process.stdout, "stdout"), (process.stderr, "stderr")):
        threading.Thread(target=pump, args=(stream, name), daemon=True).start()
    open_streams = 2
    while open_streams:
        message = messages.get()
        if message is None:
            open_streams -= 1
        else:
            yield message


def _end_with(engine: int) -> None:
    """End this process soon after its engine, which says nothing if it is killed.

    Policy packs that run meanwhile are ended by the call that started them: it ends with the engine.
    """
    while os.getppid() == engine:
        time.sleep(WATCH_INTERVAL_S)
    time.sleep(WATCH_INTERVAL_S)
    os._exit(1)


def main(arguments: list[str]) -> int:
    """Serve until the engine ends. The engine's address is the last positional argument."""
    # Ctrl-C reaches the whole process group; only the engine may decide what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    positional = [argument for argument in arguments if not argument.startswith("-")]
    if not positional:
        print("pulumi-language-python: started without the engine's address", file=sys.stderr)
        return 2
    server = grpc.server(
        futures.ThreadPoolExecutor(16),
        options=[
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ],
    )
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(PythonHost(positional[-1]), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
