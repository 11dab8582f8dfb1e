"""What a region that was killed leaves running, and how the next one takes it over.

- `followed`: processes that are no children of ours: whether they run, and how they ended.
- `handover`: their open files, and what the next region has to know of them.
- `last_ports`: the ports of the API and of the provider.

`region.daemons` and the machines take their own processes over with these.
"""
