"""What the load generators are called.

Apart from what a run keeps of them, so that a command's help needs no validation of records.
"""

from __future__ import annotations

from collections.abc import Mapping

ARTILLERY = "artillery"
TITLES: Mapping[str, str] = {
    ARTILLERY: "Artillery",
    "k6": "k6",
    "locust": "Locust",
    "jmeter": "JMeter",
}
"""The load generators: what the command line calls each, and its name as its makers write it."""
