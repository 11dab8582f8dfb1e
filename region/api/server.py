"""The region's AWS API.

moto answers, in this process, so that the region's controllers share its objects. One WSGI
application wraps it: it holds a single lock during every request, so that controllers see a
consistent state, and announces every request that changed something. Such a request is answered when the
change is on the disk.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, overload

from moto.core.common_models import BaseModel
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer

from region import credentials, private
from region.api import creations, foreign_tokens, own_services, paging, speedups, state, wsgi
from region.api.blobs import BlobStore
from region.api.creations import Answer, Creations
from region.api.credentials import Credentials
from region.api.front import Front
from region.api.guard import Guard
from region.api.opening import HOST, ControlPlaneError, bind, refuse_pass_through
from region.api.patching import Patches
from region.api.saving import Saver
from region.config import RegionConfig
from region.loopback.connections import LimitedConnections, TimedRequests

if TYPE_CHECKING:
    from moto.autoscaling.models import AutoScalingBackend
    from moto.cloudwatch.models import CloudWatchBackend
    from moto.codedeploy.models import CodeDeployBackend
    from moto.ec2.models import EC2Backend
    from moto.elbv2.models import ELBv2Backend
    from moto.rds.models import RDSBackend
    from moto.ssm.models import SimpleSystemManagerBackend

log = logging.getLogger(__name__)

POLL_INTERVAL = 0.05
GLOBAL_SERVICES = frozenset({"budgets", "iam", "route53", "s3", "s3control", "sts"})

patches = Patches()


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
        creations: Those of the provider that are under way.
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
        self.creations = Creations()
        self._blobs = BlobStore(config.root / "objects")
        self._saving = threading.Lock()
        self._saver = Saver(self.save, lambda: self.generation)
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
        refuse_pass_through()
        self.config.root.mkdir(parents=True, exist_ok=True)
        with bind(self.config.api_port) as listener:
            self._open_log()
            state.reset()
            patches.install()
            speedups.patches.install()
            paging.patches.install()
            foreign_tokens.patches.install()
            self._install_patches()
            self.load()
            if not self.config.state_file.exists():
                # What every account has, such as a default VPC, keeps its ids after a restart too.
                self.backend("ec2")
                self.save()
            self._saver.start(self.generation)
            self._server = self._listen(listener)

    def serve(self, listener: socket.socket) -> None:
        """Answer on another listening socket too, until `stop`; its address must be in `hosts`.

        The socket is duplicated: the caller closes his own.
        """
        self._further.append(self._listen(listener))

    def stop(self) -> None:
        """Stop listening and save. May be called twice, and after a failed start."""
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
        self._saver.stop()
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

    def created(self, token: str) -> None:
        """Forget a creation of the provider, on the disk too: the engine is informed next."""
        with self.lock:
            if not self.creations.end(token):
                return
            self.notify()
            generation = self.generation
        self._saver.confirm(generation)

    def interrupted_seed(self, token: str) -> bytes:
        """Return the seed of the name in a creation that an earlier process left, or nothing."""
        with self.lock:
            return self.creations.seed(token)

    def notify(self) -> None:
        """Announce a change that did not come through the API."""
        with self.changed:
            self.generation += 1
            self.changed.notify_all()

    def save(self) -> int:
        """Write all resources to the state file, atomically; return the generation that it has."""
        with self._saving:
            with self.lock:
                generation = self.generation
                extra = {**self.extra, creations.EXTRA: self.creations.open}
                dump = state.dump(self.config.account, self.config.region, extra)
            dump.write(self.config.state_file, self._blobs)
            return generation

    def load(self) -> None:
        """Replace what moto holds by the content of the state file, if there is one."""
        path = self.config.state_file
        if not path.exists():
            return
        with self.lock:
            try:
                self.extra = state.load(path, self._blobs, self.config.account, self.config.region)
            except state.StateError as error:
                log.warning("%s", error)
                self.warnings.append(str(error))
            self.creations.load(self.extra.pop(creations.EXTRA, None))
        self.notify()

    def _listen(self, listener: socket.socket) -> BaseWSGIServer:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        host, port = listener.getsockname()
        if self._application is None:
            own = {f"{HOST}:{port}", f"localhost:{port}"}
            guard = Guard(self.credentials, own | self._hosts)
            moto = own_services.beside(DomainDispatcherApplication(create_backend_app))
            self._application = Front(guard, partial(self._answer, moto))
        server = _Server(host, port, self._application, _Handler, fd=listener.fileno())
        self._spawn(lambda: server.serve_forever(POLL_INTERVAL), f"control-plane-api-{host}")
        return server

    def _spawn(self, target: Callable[[], object], name: str) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _answer(
        self,
        moto: wsgi.Application,
        environ: wsgi.Environ,
        start_response: wsgi.StartResponse,
        action: str,
    ) -> list[bytes]:
        held: tuple[str, wsgi.Headers, object] = ("", [], None)

        def hold(
            code: str, headers: wsgi.Headers, exc_info: object = None
        ) -> Callable[[bytes], None]:
            nonlocal held
            held = (code, headers, exc_info)
            return chunks.append

        chunks: list[bytes] = []
        changed = 0
        with self.lock:
            earlier = self.creations.answer(environ)
            if earlier is not None:
                start_response(earlier.status, earlier.headers)
                return [earlier.body]
            answer = moto(environ, hold)
            try:
                chunks.extend(answer)
            finally:
                getattr(answer, "close", lambda: None)()
            status, answered, _ = held
            if status.startswith("2") and wsgi.changes_something(
                action, str(environ["REQUEST_METHOD"])
            ):
                self.creations.keep(environ, Answer(status, answered, b"".join(chunks)))
                self.notify()
                changed = self.generation
        if changed:
            self._saver.confirm(changed)
        foreign = wsgi.foreign_error(environ, b"".join(chunks)) if status[:1] in "45" else None
        if foreign is not None:
            return wsgi.error_response(environ, start_response, status, *foreign)
        start_response(*held)
        return chunks

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


@patches.method(BaseModel, "__new__")
def _new_untracked(cls: type[object], *_args: object, **_kwargs: object) -> object:
    """Keep moto from holding every model it ever made, which a long-lived region would leak."""
    return object.__new__(cls)
