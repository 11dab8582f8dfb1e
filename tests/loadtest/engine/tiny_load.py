"""A load of three seconds, and the faults with which the server meets it."""

from __future__ import annotations

from loadtest.profiles import Phase, Profile

TINY = Profile("tiny", (Phase("ramp", 2, 10, 20), Phase("hold", 1, 20)))
USERS = 50
FAULTS = {  # by the request's number, from 1: what `Oracle` does
    5: "503", 12: "503", 18: "hang", 25: "reset", 33: "hang", 41: "stall", 47: "302", 50: "302",
    60: "reset", 61: "503",
}  # fmt: skip
