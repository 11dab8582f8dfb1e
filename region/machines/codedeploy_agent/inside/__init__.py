"""Programs that run confined to a machine's root (`RootFileSystem.call`); standard library only.

Each is complete in itself: once it is in the machine it can import nothing. It answers with a
dictionary; `error` in it is the reason why it failed.
"""

from __future__ import annotations
