"""EC2 instances of the local region: containers with the limits of their instance type.

`machine_pool.MachinePool` launches a `machine.Machine` for each `spec.MachineSpec`; `machine_pool.sweep`
removes what a killed region left. Nothing is imported here: commands that only ask for a type's limits do
not load what runs machines.

- a machine: `machine` with `machine_context` (what a pool shares), `cpu_quota`, `machine_usage`, `booted`,
  `host_name`; limits by `instance_types` and `cgroups/`; processes by `processes` and `container/`.
- its files: `images/`, `root_directory`, `root_file_system`, `disk`, `volumes/`, `accounts`, `logins`.
- what runs inside: `systemd/`, `first_boot`, `codedeploy_agent/`, `run_command`, `commands`, `power`;
  `chrooted` runs a program of ours there. `bounded_log` keeps what it prints.
- what it reaches: `listener`, `imds` with `metadata` and `categories`. `errors` are those of the package.
"""
