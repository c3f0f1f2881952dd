#pragma once

namespace server {

/// Keeps what this process holds to itself. At the very start, before there are threads:
///  - no core dumps, neither by the kernel (RLIMIT_CORE) nor to a handler (PR_SET_DUMPABLE), which also keeps
///    other processes of the same user from reading its memory or attaching;
///  - the environment, which may hold secrets (a proxy's password, an identity header), moves to the heap and
///  is
///    wiped where /proc/PID/environ shows it. getenv() answers as before.
void keep_process_private();

/// For configurations with core_dumps: dumps and debuggers as the system would have had them.
void allow_core_dumps();

} // namespace server
