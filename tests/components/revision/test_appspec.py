"""An appspec.yml that names missing files is rejected before anything is planned."""

from __future__ import annotations

import pytest

from components.errors import ConfigurationError
from components.revision.appspec import check_appspec
from components.revision.bundle import build_bundle


@pytest.fixture
def revision(tmp_path):
    def make(text):
        (tmp_path / "scripts").mkdir()
        (tmp_path / "scripts" / "start.sh").write_text("#!/bin/sh\n")
        (tmp_path / "appspec.yml").write_text(text)
        return tmp_path

    return make


@pytest.mark.parametrize(
    "text",
    [
        "version: 0.0\n",
        "version: 0.0\nos: linux\nfiles:\n  - {source: /, destination: /opt/app}\n",
        "version: 0.0\nfiles: [{source: scripts, destination: /x}]\nhooks:\n",
        "version: 0.0\nhooks: {ApplicationStart: [{location: scripts/start.sh}], AfterInstall: }\n",
        "version: 0.0\nhooks: {ApplicationStart: [{location: /scripts/start.sh}]}\n",
    ],
)
def test_files_that_exist_are_accepted(revision, text):
    check_appspec(revision(text))


def test_every_missing_script_and_file_is_named_with_the_remedy(revision, tmp_path):
    source = revision(
        "version: 0.0\nfiles: [{source: app.jar, destination: /opt}]\n"
        "hooks:\n  AfterInstall: [{location: scripts/start.sh}, {location: scripts/gone.sh}]\n"
        "  ValidateService: [{location: scripts}]\n"
    )
    with pytest.raises(ConfigurationError) as raised:
        build_bundle(source, tmp_path / "cache")
    first, second, third = str(raised.value).splitlines()
    assert 'the script "scripts/gone.sh" for AfterInstall' in first
    assert 'the script "scripts" for ValidateService' in second
    assert 'installs "app.jar"' in third
    assert all("or remove the" in line for line in (first, second, third))
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("text", "message"), [("", "is empty"), ("hooks: [", "not valid YAML"), ("- a\n", "is empty")]
)
def test_an_invalid_appspec_is_one_message(revision, text, message):
    with pytest.raises(ConfigurationError, match=message) as raised:
        check_appspec(revision(text))
    assert "\n" not in str(raised.value)
