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
    "open_by_handle_at", "open_tree", "perf_event_open", "pivot_root", "process_vm_readv",
    "process_vm_writev", "quotactl", "quotactl_fd", "query_module", "reboot", "request_key", "setns",
    "settimeofday", "stime", "swapoff", "swapon", "_sysctl", "syslog", "sysfs", "umount", "umount2",
    "unshare", "uselib", "userfaultfd", "ustat", "vhangup", "vm86", "vm86old",
)  # fmt: skip

# CLONE_NEWNS, -NEWCGROUP, -NEWUTS, -NEWIPC, -NEWUSER, -NEWPID and -NEWNET of clone(2).
_NAMESPACE_FLAGS: Final = (
    0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
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
            *(_clone_with(flag) for flag in _NAMESPACE_FLAGS),
        ],
    }


def _clone_with(flag: int) -> dict[str, Any]:
    argument = {"index": 0, "value": flag, "valueTwo": flag, "op": "SCMP_CMP_MASKED_EQ"}
    return {
        "names": ["clone"],
        "action": "SCMP_ACT_ERRNO",
        "errnoRet": errno.EPERM,
        "args": [argument],
    }
