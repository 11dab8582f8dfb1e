from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import botocore.loaders
import botocore.session
import pytest
from moto.utilities.utils import load_resource

from region.api import lean
from toolchain import paths

lean.install()

KINDS = ("region", "availability-zone", "availability-zone-id")
TABLES = """
import json
import region.services
from moto.ec2.models import instance_types, instances, spot_requests
offers = instance_types.INSTANCE_TYPE_OFFERINGS
assert instances.INSTANCE_TYPE_OFFERINGS is spot_requests.INSTANCE_TYPE_OFFERINGS is offers
print(json.dumps({kind: list(table) for kind, table in offers.items()}))
"""


@pytest.mark.parametrize("kind", KINDS)
def test_offers_of_a_region_are_motos_own(kind: str):
    offers = lean.Offerings(kind)
    own = load_resource(f"ec2/resources/instance_type_offerings/{kind}/ap-northeast-2.json")
    assert own
    expected = [{**offer, "LocationType": kind} for offer in own]
    assert offers["ap-northeast-2"] == offers.get("ap-northeast-2") == expected
    assert list(offers) == ["ap-northeast-2"]


def test_a_region_without_offers_has_none():
    offers = lean.Offerings("region")
    assert offers.get("xx-nowhere-1", []) == []
    with pytest.raises(KeyError):
        offers["xx-nowhere-1"]


def test_a_region_has_read_no_offers_yet():
    """In a process of its own: here tests may have asked for some."""
    printed = subprocess.run(
        [sys.executable, "-c", TABLES], cwd=paths.ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert json.loads(printed) == {kind: [] for kind in KINDS}


def test_of_a_model_that_only_names_endpoints_the_metadata_is_read(monkeypatch: pytest.MonkeyPatch):
    """Parsing all of EC2's took a tenth of a second at each start."""
    whole = botocore.loaders.JSONFileLoader().load_file(
        str(Path(botocore.loaders.Loader.BUILTIN_DATA_PATH, "ec2/2016-11-15/service-2"))
    )
    monkeypatch.setattr(botocore.loaders.Loader, "FILE_LOADER_CLASS", lean._EndpointsOnly)  # pyright: ignore[reportPrivateUsage]
    session = botocore.session.Session()
    assert session.get_service_data("ec2") == {"metadata": whole["metadata"]}
    named = session.get_available_regions("ec2", partition_name="aws-cn")
    assert named == ["cn-north-1", "cn-northwest-1"]
    lean._heads.cache_clear()  # pyright: ignore[reportPrivateUsage]


def test_models_are_botocores_without_documentation():
    loader = botocore.session.Session().get_component("data_loader")
    model = loader.load_service_model("s3", "service-2")
    assert model["operations"]["GetObject"]["documentation"] == ""
    whole = botocore.loaders.JSONFileLoader().load_file(
        str(Path(botocore.loaders.Loader.BUILTIN_DATA_PATH, "s3/2006-03-01/service-2"))
    )
    assert whole["operations"]["GetObject"]["documentation"]
    assert model["shapes"].keys() == whole["shapes"].keys()
    assert model["operations"]["PutObject"]["input"] == whole["operations"]["PutObject"]["input"]


def test_a_member_named_documentation_stays(tmp_path: Path):
    content = {"members": {"documentation": {"shape": "Text", "documentation": "long"}}}
    (tmp_path / "model.json").write_text(json.dumps(content))
    read = botocore.loaders.Loader.FILE_LOADER_CLASS().load_file(str(tmp_path / "model"))
    assert read == {"members": {"documentation": {"shape": "Text", "documentation": ""}}}
    assert botocore.loaders.Loader.FILE_LOADER_CLASS().load_file(str(tmp_path / "none")) is None
