// Who owns a lock file, as text, and whether that process is gone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "io/run_state.hpp"

namespace muster::io {

struct OwnerRecord {
  LockOwner who;                ///< an empty host: unknown
  std::string boot;             ///< the kernel's boot id
  std::string pid_space;        ///< process ids mean something only inside one
  std::uint64_t pid_start = 0;  ///< start time of the process in clock ticks since boot; 0 unknown
  std::string slurm_job;        ///< empty outside Slurm
  std::uint64_t slurm_restart = 0;
};

OwnerRecord this_process();
std::string format_owner(OwnerRecord const& owner);
/// An unreadable text gives a record with an empty host.
OwnerRecord parse_owner(std::string_view text);
/// True only when `owner` certainly does not run any more, as seen from `self`.
bool is_gone(OwnerRecord const& owner, OwnerRecord const& self);

}  // namespace muster::io
