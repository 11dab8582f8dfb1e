"""Settings of one local region."""

from dataclasses import dataclass
from pathlib import Path

DEFAULT_REGION = "ap-northeast-2"
ACCOUNT = "123456789012"


class RegionConfigError(ValueError):
    """A setting of the region that cannot work; the message names the value and the remedy."""


@dataclass(frozen=True, slots=True)
class RegionConfig:
    """What one local region needs to know about itself.

    `root` is the directory that holds the region's whole state. `api_port` is the loopback port
    of the AWS API, 0 for a free one. `speed` divides every waiting period that AWS would take
    (health check interval, cooldown, grace period, deregistration delay): 1.0 is real time.
    """

    root: Path
    region: str = DEFAULT_REGION
    account: str = ACCOUNT
    api_port: int = 0
    speed: float = 1.0

    def __post_init__(self) -> None:
        """Refuse values that would only fail later and less clearly."""
        if not 0 <= self.api_port <= 65535:
            raise RegionConfigError(
                f"API port {self.api_port} is not a TCP port: use 1 to 65535, or 0 for a free one."
            )
        if not self.speed > 0:
            raise RegionConfigError(
                f"Speed {self.speed} must be greater than 0: use 1 for real time."
            )
        if self.account != ACCOUNT:
            raise RegionConfigError(
                f"Account {self.account} is not the local region's: use {ACCOUNT}, "
                "so that its resources can never be taken for those of a real account."
            )

    @property
    def state_file(self) -> Path:
        """Where the control plane keeps its resources over a restart."""
        return self.root / "state.pickle"

    @property
    def log_directory(self) -> Path:
        """Where the region's parts write their logs."""
        return self.root / "log"

    def seconds(self, period: float) -> float:
        """A waiting period of AWS, in seconds, on this region's clock."""
        return period / self.speed
