"""The system calls that an instance may not make.

The list is of those that Docker's documentation names as blocked by its default profile
(https://docs.docker.com/engine/security/seccomp/): what reaches beyond the namespaces of a container or
makes the kernel easier to attack. Everything else is allowed.
"""

from __future__ import annotations

import errno
from typing import Any, Final

_BLOCKED: Final = (
    "acct", "add_key", "bpf", "clock_adjtime", "clock_adjtime64", "clock_settime",
    "clock_settime64", "create_module", "delete_module", "fanotify_init", "finit_module", "fsconfig",
    "fsmount", "fsopen", "fspick", "get_kernel_syms", "init_module", "io_uring_enter",
    "io_uring_register", "io_uring_setup", "ioperm", "iopl", "kcmp", "kexec_file_load", "kexec_load",
    "keyctl", "lookup_dcookie", "mount", "mount_setattr", "move_mount", "move_pages", "nfsservctl",
    "open_by_handle_at", "open_tree", "open_tree_attr", "perf_event_open", "pivot_root", "process_vm_readv",
    "process_vm_writev", "quotactl", "quotactl_fd", "query_module", "reboot", "request_key", "setns",
    "settimeofday", "stime", "swapoff", "swapon", "_sysctl", "syslog", "sysfs", "umount", "umount2",
    "unshare", "uselib", "userfaultfd", "ustat", "vhangup", "vm86", "vm86old",
)  # fmt: skip

# CLONE_NEWNS, -NEWCGROUP, -NEWUTS, -NEWIPC, -NEWUSER, -NEWPID and -NEWNET of clone(2).
_NAMESPACE_FLAGS: Final = (
    0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
# Neither has a namespace: with the first a machine would talk to what this computer runs in or on,
# with the second it would type on a terminal of the host that it was handed as standard input.
_AF_VSOCK: Final = 40
_TERMINAL_INPUT: Final = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_REQUEST_BITS: Final = 0xFFFFFFFF
_SUBARCHITECTURES: Final = {
    "x86_64": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
    "aarch64": ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
}


def profile(machine: str) -> dict[str, Any]:
    """Return `linux.seccomp` of the OCI runtime specification for `platform.machine()`."""
    return {
        "defaultAction": "SCMP_ACT_ALLOW",
        "architectures": _SUBARCHITECTURES.get(machine, []),
        "syscalls": [
            {"names": list(_BLOCKED), "action": "SCMP_ACT_ERRNO", "errnoRet": errno.EPERM},
            # Its flags are in memory, where no filter sees them; programs fall back to clone.
            {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": errno.ENOSYS},
            *(_refused("clone", 0, flag, flag) for flag in _NAMESPACE_FLAGS),
            _refused("socket", 0, _REQUEST_BITS, _AF_VSOCK),
            *(_refused("ioctl", 1, _REQUEST_BITS, request) for request in _TERMINAL_INPUT),
        ],
    }


def _refused(name: str, index: int, mask: int, value: int) -> dict[str, Any]:
    """Return the rule that refuses a call whose argument `index` is `value` in the bits of `mask`."""
    argument = {"index": index, "value": mask, "valueTwo": value, "op": "SCMP_CMP_MASKED_EQ"}
    return {
        "names": [name],
        "action": "SCMP_ACT_ERRNO",
        "errnoRet": errno.EPERM,
        "args": [argument],
    }
