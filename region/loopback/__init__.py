"""The loopback device, which all regions and programs of this computer share.

- `addresses`: which loopback address stands for which private one.
- `neighbors`: who else has an address or a port; `ports`: whether one can be bound, and the remedy.
- `peers`: which user is at the other end of a connection.
- `connections`: how many connections and descriptors one client may take.
"""
