"""Programs that run confined to a machine's root (`RootFileSystem.call`). Standard library only."""
