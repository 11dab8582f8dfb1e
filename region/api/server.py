"""The region's AWS API.

moto answers, in this process, so that the region's controllers share its objects. One WSGI
application wraps it: it holds a single lock during every request, so that controllers see a
consistent state, and announces every request that changed something.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Literal, overload

from moto.core.common_models import BaseModel
from moto.core.config import default_user_config
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer

from commandline.errors import UserError
from region import credentials, private
from region.api import state, texts, wsgi
from region.api.credentials import Credentials
from region.api.guard import Guard, Refusal
from region.api.patching import Patches
from region.config import ACCOUNT, RegionConfig
from region.connections import LimitedConnections, TimedRequests

if TYPE_CHECKING:
    from moto.autoscaling.models import AutoScalingBackend
    from moto.cloudwatch.models import CloudWatchBackend
    from moto.codedeploy.models import CodeDeployBackend
    from moto.ec2.models import EC2Backend
    from moto.elbv2.models import ELBv2Backend
    from moto.rds.models import RDSBackend
    from moto.ssm.models import SimpleSystemManagerBackend

log = logging.getLogger(__name__)
_INSTEAD = {"StartSession": " For a shell in an instance: python -m rehearsal shell INSTANCE"}
"""What does the same in another way."""

HOST = "127.0.0.1"
SAVE_INTERVAL = 2.0
POLL_INTERVAL = 0.05
GLOBAL_SERVICES = frozenset({"budgets", "iam", "route53", "s3", "s3control", "sts"})
ACCOUNT_HEADER = "HTTP_X_MOTO_ACCOUNT_ID"

patches = Patches()


class ControlPlaneError(UserError):
    """The control plane cannot start; the message says what to do."""


class ControlPlane:
    """moto as a region's control plane. One per process: moto's backends are process-wide.

    Attributes:
        lock: Guards every moto object. Hold it for short reads and writes only, never while
            waiting, starting processes or calling what may call back into the region's API.
        changed: A condition on the lock.
        generation: The number of announced changes.
        extra: What controllers need again after a restart; values must be picklable.
        warnings: What went wrong without keeping the control plane from starting.
        credentials: Whose calls are accepted.
    """

    def __init__(
        self,
        config: RegionConfig,
        install_patches: Callable[[], object],
        *,
        hosts: Collection[str] = (),
    ) -> None:
        """Prepare a control plane; nothing listens before `start`.

        `install_patches` patches moto for the services of the region. `hosts` are the further
        `address:port` at which `serve` makes the API available.
        """
        self.config = config
        self.credentials = Credentials(credentials.ensure(config.root))
        self._install_patches = install_patches
        self._hosts = frozenset(hosts)
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.generation = 0
        self.extra: dict[str, object] = {}
        self.warnings: list[str] = []
        self._saving = threading.Lock()
        self._saved_generation = 0
        self._stopping = threading.Event()
        self._server: BaseWSGIServer | None = None
        self._further: list[BaseWSGIServer] = []
        self._application: wsgi.Application | None = None
        self._threads: list[threading.Thread] = []
        self._log_handler: logging.Handler | None = None

    @property
    def endpoint(self) -> str:
        """The endpoint URL for AWS clients."""
        return f"http://{HOST}:{self.port}"

    @property
    def port(self) -> int:
        """The TCP port that the API listens on, once started."""
        if self._server is None:
            raise ControlPlaneError("The control plane is not running: call start() first.")
        return self._server.port

    def start(self) -> None:
        """Load the saved state and begin to listen.

        An unusable state file is not an error: it is moved aside and reported in `warnings`.

        Raises:
            ControlPlaneError: If the port is taken.
        """
        _refuse_pass_through()
        self.config.root.mkdir(parents=True, exist_ok=True)
        with _bind(self.config.api_port) as listener:
            self._open_log()
            state.reset()
            patches.install()
            self._install_patches()
            self.load()
            self._stopping.clear()
            self._server = self._listen(listener)
        self._spawn(self._save_when_changed, "control-plane-save")

    def serve(self, listener: socket.socket) -> None:
        """Answer on another listening socket too, until `stop`; its address must be in `hosts`.

        The socket is duplicated: the caller closes his own.
        """
        self._further.append(self._listen(listener))

    def stop(self) -> None:
        """Stop listening and save. May be called twice, and after a failed start."""
        self._stopping.set()
        self.notify()
        server, self._server = self._server, None
        servers = [*([server] if server else []), *self._further]
        self._further.clear()
        for one in servers:
            one.shutdown()
        for thread in self._threads:
            thread.join(10)
        self._threads.clear()
        for one in servers:
            one.server_close()
        if server is not None:
            self.save()
        if self._log_handler is not None:
            logging.getLogger("region").removeHandler(self._log_handler)
            self._log_handler.close()
            self._log_handler = None

    @overload
    def backend(self, service: Literal["autoscaling"]) -> AutoScalingBackend: ...
    @overload
    def backend(self, service: Literal["cloudwatch"]) -> CloudWatchBackend: ...
    @overload
    def backend(self, service: Literal["codedeploy"]) -> CodeDeployBackend: ...
    @overload
    def backend(self, service: Literal["ec2"]) -> EC2Backend: ...
    @overload
    def backend(self, service: Literal["elbv2"]) -> ELBv2Backend: ...
    @overload
    def backend(self, service: Literal["rds"]) -> RDSBackend: ...
    @overload
    def backend(self, service: Literal["ssm"]) -> SimpleSystemManagerBackend: ...
    @overload
    def backend(self, service: str) -> Any: ...

    def backend(self, service: str) -> Any:
        """Return moto's backend of a service (`ec2`, `autoscaling`, `elbv2`, …) in this region."""
        where = state.GLOBAL_REGION if service in GLOBAL_SERVICES else self.config.region
        return state.backend(service, self.config.account, where)

    def wait(self, since: int, timeout: float) -> int:
        """Block until `generation` exceeds `since` or `timeout` seconds passed; return it."""
        with self.changed:
            self.changed.wait_for(lambda: self.generation > since, timeout)
            return self.generation

    def notify(self) -> None:
        """Announce a change that did not come through the API."""
        with self.changed:
            self.generation += 1
            self.changed.notify_all()

    def save(self) -> None:
        """Write all resources to the state file, atomically."""
        with self._saving:
            with self.lock:
                generation = self.generation
                content = state.dump(self.config.account, self.config.region, self.extra)
            state.write(self.config.state_file, content)
            self._saved_generation = generation

    def load(self) -> None:
        """Replace what moto holds by the content of the state file, if there is one."""
        path = self.config.state_file
        if not path.exists():
            return
        with self.lock:
            try:
                self.extra = state.load(path, self.config.account, self.config.region)
            except state.StateError as error:
                log.warning("%s", error)
                self.warnings.append(str(error))
        self.notify()

    def _listen(self, listener: socket.socket) -> BaseWSGIServer:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        host, port = listener.getsockname()
        if self._application is None:
            own = {f"{HOST}:{port}", f"localhost:{port}"}
            guard = Guard(self.credentials, own | self._hosts)
            self._application = self._wrap(DomainDispatcherApplication(create_backend_app), guard)
        server = _Server(host, port, self._application, _Handler, fd=listener.fileno())
        self._spawn(lambda: server.serve_forever(POLL_INTERVAL), f"control-plane-api-{host}")
        return server

    def _spawn(self, target: Callable[[], object], name: str) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _wrap(self, moto: wsgi.Application, guard: Guard) -> wsgi.Application:
        def application(environ: wsgi.Environ, start_response: wsgi.StartResponse) -> list[bytes]:
            def refuse(found: Refusal) -> list[bytes]:
                return wsgi.error_response(
                    environ, start_response, "403 Forbidden", found.code, found.message
                )

            caller = guard.examine(environ)
            if isinstance(caller, Refusal):
                return refuse(caller)
            body = wsgi.read_body(environ)
            wrong = guard.verify(caller, environ, body)
            if wrong is not None:
                return refuse(wrong)
            return self._perform(moto, environ, start_response, body)

        return application

    def _perform(
        self,
        moto: wsgi.Application,
        environ: wsgi.Environ,
        start_response: wsgi.StartResponse,
        body: bytes,
    ) -> list[bytes]:
        """Answer a request whose caller may make it; every failure has the form of its service."""

        def fail(status: str, code: str, message: str) -> list[bytes]:
            return wsgi.error_response(environ, start_response, status, code, message)

        path = str(environ.get("PATH_INFO", ""))
        if path.startswith(wsgi.REFUSED_PATHS):
            message = f"{path} is not an AWS call: stop the region instead of resetting it."
            return fail("403 Forbidden", "AccessDenied", message)
        malformed = texts.CODES[wsgi.protocol_of(environ)]
        if objection := texts.objection(environ, body):
            return fail("400 Bad Request", malformed, objection)
        action = wsgi.action_of(environ, body)
        environ.pop(ACCOUNT_HEADER, None)
        try:
            return self._answer(moto, environ, start_response, action)
        except NotImplementedError as error:
            instead = _INSTEAD.get(action, "")
            message = f"The local region does not implement {action} ({error}).{instead}"
            return fail("501 Not Implemented", "NotImplemented", message)
        except UnicodeError:
            log.exception("%s %s has a text that cannot be used", action, path)
            message = "The request has a text that cannot be encoded."
            return fail("400 Bad Request", malformed, message)
        except Exception as error:
            log.exception("%s %s failed", action, path)
            message = f"{action} failed in the local region: {type(error).__name__}: {error}"
            return fail("500 Internal Server Error", "InternalFailure", message)

    def _answer(
        self,
        moto: wsgi.Application,
        environ: wsgi.Environ,
        start_response: wsgi.StartResponse,
        action: str,
    ) -> list[bytes]:
        status = ""
        held: tuple[object, ...] = ()

        def hold(
            code: str, headers: wsgi.Headers, exc_info: object = None
        ) -> Callable[[bytes], None]:
            nonlocal status, held
            status, held = code, (code, headers, exc_info)
            return chunks.append

        chunks: list[bytes] = []
        with self.lock:
            answer = moto(environ, hold)
            try:
                chunks.extend(answer)
            finally:
                getattr(answer, "close", lambda: None)()
            if status.startswith("2") and wsgi.changes_something(
                action, str(environ["REQUEST_METHOD"])
            ):
                self.notify()
        start_response(*held)
        return chunks

    def _save_when_changed(self) -> None:
        while not self._stopping.is_set():
            generation = self.wait(self._saved_generation, 1.0)
            if generation <= self._saved_generation:
                continue
            started = time.monotonic()
            try:
                self.save()
            except Exception:
                log.exception("The region's state could not be saved to %s", self.config.state_file)
            self._stopping.wait(max(0.0, SAVE_INTERVAL - (time.monotonic() - started)))

    def _open_log(self) -> None:
        private.directory(self.config.log_directory)
        handler = logging.FileHandler(self.config.log_directory / "region.log", encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        logging.getLogger("region").addHandler(handler)
        self._log_handler = handler


class _Server(LimitedConnections, BaseWSGIServer):
    multithread = True


class _Handler(TimedRequests, MotoRequestHandler):
    timeout = 60
    protocol_version = "HTTP/1.1"


def _bind(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        message = (
            f"The region's API cannot listen on {HOST}:{port} ({error.strerror}): stop what uses "
            f"port {port} (`ss -ltnp 'sport = :{port}'` shows it) or choose another port, 0 for a "
            "free one."
        )
        raise ControlPlaneError(message) from error
    return listener


def _refuse_pass_through() -> None:
    """Make sure that moto never forwards a request to AWS nor emulates a real account."""
    if DEFAULT_ACCOUNT_ID != ACCOUNT:
        message = (
            f"moto was imported with account {DEFAULT_ACCOUNT_ID}: unset MOTO_ACCOUNT_ID, the "
            f"local region is account {ACCOUNT} only."
        )
        raise ControlPlaneError(message)
    core = default_user_config.get("core", {})
    passthrough = core.get("passthrough") or {}
    if passthrough.get("urls") or passthrough.get("services"):
        message = (
            f"moto is set to pass requests through to AWS ({passthrough}): remove that setting, "
            "the local region must never reach a real account."
        )
        raise ControlPlaneError(message)


@patches.method(BaseModel, "__new__")
def _new_untracked(cls: type[object], *_args: object, **_kwargs: object) -> object:
    """Keep moto from holding every model it ever made, which a long-lived region would leak."""
    return object.__new__(cls)
