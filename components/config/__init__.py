"""A stack's settings: what `Pulumi.<stack>.yaml` may contain, validated before any resource."""
