"""A stack's settings: what `Pulumi.<stack>.yaml` may say, checked before any resource is planned."""
