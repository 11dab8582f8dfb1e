"""What the tests of the service stand on: its environment, and a database in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

ENVIRONMENT = {
    "APP_HOST": "127.0.0.1",
    "APP_PORT": "8080",
    "HEALTH_PATH": "/health",
    "AWS_REGION": "ap-northeast-2",
    "DATABASE_HOST": "127.20.3.4",
    "DATABASE_NAME": "app",
    "DATABASE_SECRET_ARN": "arn:aws:secretsmanager:…",
    "INSTANCE_ID": "i-0123",
    "AVAILABILITY_ZONE": "ap-northeast-2a",
    "PASSWORD_ITERATIONS": "2",
}


@dataclass
class Memory:
    """Stands for the database."""

    users: dict[str, str] = field(default_factory=dict[str, str])

    async def password_hash(self, username: str) -> str | None:
        return self.users.get(username)

    async def session_key(self) -> str:
        return "key"
