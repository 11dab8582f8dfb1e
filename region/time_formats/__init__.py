"""Times and durations as AWS's APIs write them: `cron` expressions, ISO 8601 `durations`, `stamps`."""
