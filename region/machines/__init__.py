"""EC2 instances of the local region: containers with the limits of their instance type.

`machine_pool.MachinePool` launches a `machine.Machine` for each `spec.MachineSpec`; `machine_pool.sweep`
removes what a killed region left. Nothing is imported here: commands that only ask for a type's limits do
not load what runs machines.
"""
