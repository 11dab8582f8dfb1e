"""The rehearsal: a local AWS region of real parts that both stacks can be built on."""
