"""`python -m music_note serve | migrate`."""

from __future__ import annotations

import gc
import sys

from music_note import database, settings

USAGE = "usage: python -m music_note serve | migrate"
GRACEFUL_S = 10
"""Kept-alive connections would otherwise hold a stop up for ever."""


def _serve(configuration: settings.Settings) -> None:
    # Imported here: a migration needs no web server.
    import uvicorn  # noqa: PLC0415

    from music_note import web  # noqa: PLC0415

    # The interpreter passes threads on every 5 ms; a t4g.nano out of credits computes 1 ms in 10.
    sys.setswitchinterval(0.0005)
    pool = database.Database(configuration)
    pool.open()
    app = web.create_app(configuration, pool)
    # What is there now stays for ever. Looking through all of it for garbage takes 40 ms, which on a
    # t4g.nano out of credits is half a second without an answer, on every instance at once.
    gc.collect()
    gc.freeze()
    uvicorn.run(
        app,
        host=configuration.app_host,
        port=configuration.app_port,
        backlog=4096,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_S,
        # The load balancer keeps idle connections for 60 s; ours have to outlive them, or it
        # answers 502 on one that is being closed.
        timeout_keep_alive=65,
    )


def main(arguments: list[str]) -> int:
    """Runs one command; 0, or 2 with a message."""
    if arguments not in (["serve"], ["migrate"]):
        print(USAGE, file=sys.stderr)
        return 2
    try:
        configuration = settings.load()
        if arguments == ["migrate"]:
            from music_note import migration  # noqa: PLC0415 - the service itself needs none

            print(migration.migrate(configuration))
        else:
            _serve(configuration)
    except (settings.SettingsError, RuntimeError) as error:
        print(f"music-note: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
