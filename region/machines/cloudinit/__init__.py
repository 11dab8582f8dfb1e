"""User data as cloud-init takes it: what it is made of (`parts`) and what it asks for (`config`).

Formats as in cloud-init's documentation (https://cloudinit.readthedocs.io/en/latest/explanation/
format.html). What the region cannot do is a problem that is told in the instance's logs, as
cloud-init tells what it cannot do; it never keeps an instance from running.
"""
