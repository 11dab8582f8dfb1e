"""`python -m music_note serve | migrate`."""

from __future__ import annotations

import asyncio
import sys

from music_note import database, settings

USAGE = "usage: python -m music_note serve | migrate"
GRACEFUL_S = 10
"""Otherwise keep-alive connections would delay a shutdown forever."""


def _serve(configuration: settings.Settings) -> None:
    # Imported here, because a migration needs no web server.
    import uvicorn  # noqa: PLC0415
    import uvloop  # noqa: PLC0415

    from music_note import connection, garbage, web  # noqa: PLC0415

    pool = database.Database(configuration)
    config = uvicorn.Config(
        web.create_app(configuration, pool),
        host=configuration.app_host,
        port=configuration.app_port,
        http=connection.Connection,
        ws="none",
        lifespan="off",
        backlog=4096,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_S,
        # The load balancer keeps idle connections open for 60 s; ours have to outlive them, or it
        # responds with 502 when it uses one that is being closed.
        timeout_keep_alive=65,
    )
    config.load()
    server = uvicorn.Server(config)
    period_s = garbage.period_of(configuration.instance_id)

    async def serve() -> None:
        await pool.open()
        garbage.keep_collections_small()
        collecting = asyncio.create_task(
            garbage.collect_when_idle(period_s, lambda: len(server.server_state.connections))
        )
        await server.serve()
        collecting.cancel()

    uvloop.run(serve())


def main(arguments: list[str]) -> int:
    """Run one command; return 0, or 2 after printing an error."""
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
