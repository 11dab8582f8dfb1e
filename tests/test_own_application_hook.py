"""The hook in docs/your-own-application.md that writes an application's variables, run as it is there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from region.machines.systemd.syntax import parse_environment_file

PAGE = Path(__file__).parents[1] / "docs" / "your-own-application.md"
ENVIRONMENT = """\
AWS_REGION=ap-northeast-2
APP_PORT=8080
DATABASE_HOST=db.example.internal
DATABASE_PORT=5432
DATABASE_NAME=app
DATABASE_SECRET_ARN=arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rds!db-1
"""


def hook() -> str:
    blocks = re.findall(
        r"^```bash\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    [found] = [block for block in blocks if "get-secret-value" in block]
    return found


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
# RDS takes any printable character but a slash, quotes, @ and a space.
@pytest.mark.parametrize("password", ["plain", r"its100%#$HOME`a`\\?&:;()[]|~{}<>=+,.!^*_-"])
def test_the_unit_reads_what_the_hook_writes(tmp_path: Path, password: str) -> None:
    (tmp_path / "environment").write_text(ENVIRONMENT)
    secret = json.dumps({"username": "app_admin", "password": password})
    (tmp_path / "secret.json").write_text(secret)
    aws = tmp_path / "bin" / "aws"
    aws.parent.mkdir()
    aws.write_text(f"#!/bin/sh\ncat {tmp_path}/secret.json\n")
    aws.chmod(0o755)
    script = hook().replace("/opt/haproof/environment", str(tmp_path / "environment"))
    script = script.replace("/etc/shop.env", str(tmp_path / "shop.env"))
    path = f"{aws.parent}:{Path(shutil.which('jq') or '').parent}:/usr/bin:/bin"
    subprocess.run(["bash", "-c", script], check=True, env={"PATH": path})
    found = parse_environment_file((tmp_path / "shop.env").read_text())
    assert found["PORT"] == "8080"
    url = urlsplit(found["DATABASE_URL"])
    assert (url.username, unquote(url.password or "")) == ("app_admin", password)
    assert (url.hostname, url.port, url.path) == ("db.example.internal", 5432, "/app")
    assert found["SPRING_DATASOURCE_USERNAME"] == "app_admin"
    assert found["SPRING_DATASOURCE_PASSWORD"] == password
    assert found["SPRING_DATASOURCE_URL"].startswith("jdbc:postgresql://db.example.internal:5432/")
