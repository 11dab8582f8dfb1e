"""What the region and its machines use of this computer, recorded every second.

- `recorder` writes and reads the record.
- `process_cpu` and `cpu_waiting` ask the kernel: CPU time of processes, and how long they waited for it.
"""
