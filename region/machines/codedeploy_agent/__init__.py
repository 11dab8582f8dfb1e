"""The CodeDeploy agent that runs on every instance.

- `agent` follows the `lifecycle_events` that `messages` name: it gets the `bundle`, reads its `appspec` and
  lets `scripts` run, each looked at by `hook_script`; `script_output` keeps what they print.
- `inside/`: what touches the machine's files, confined to it.
"""
