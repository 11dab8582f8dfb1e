"""RDS in the local region.

- calls: `patches` and `<area>_patches`, `refusals`; what they check: `input_checks`, `validation`,
  `subscription_checks`, `classes`; what a change means: `modifications`, `parameters`.
- `controller` keeps a PostgreSQL cluster (`server`, in `postgres/`) for each DB instance: `views` of it are
  read under the lock, `jobs` done without. `scheduled_work` does what has a time (`storage_autoscaling`,
  `master_secret`), `outages` what the network takes away.
- told to others: `events`, `monitoring`, `log_export`. `instances` is shared; `records` and `periods`.
"""
