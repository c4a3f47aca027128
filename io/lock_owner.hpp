// Who owns a lock file, as text, and whether that process is gone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace muster::io {

struct LockOwner {
  std::string host;
  std::int64_t pid = 0;
  std::string since_utc;
};

struct OwnerRecord {
  LockOwner who;                ///< an empty host: unknown
  std::string boot;             ///< the kernel's boot id
  std::string pid_space;        ///< process ids mean something only inside one
  std::uint64_t pid_start = 0;  ///< start time of the process in clock ticks since boot; 0 unknown
  std::string slurm_job;        ///< empty outside Slurm
  std::uint64_t slurm_restart = 0;
  std::string supervisor;  ///< that started its ranks, "4711.host1"; empty without one
  std::uint64_t supervised_start = 0;
};

OwnerRecord this_process();
std::string format_owner(OwnerRecord const& owner);
/// An unreadable text gives a record with an empty host.
OwnerRecord parse_owner(std::string_view text);
/// A process that cannot be asked after is taken for dead when it has said nothing for so long.
inline constexpr double longest_silence_s = 60;

/// Whether `owner` does not run any more, as seen from `self`; `silent_s` is the age of its last
/// heartbeat. Certain for a process of this host; of another, or of nobody
/// one can tell, the silence decides, or that it had the same Slurm job or supervisor: a new start has the
/// right to what an earlier one left, and so has a rank that goes on when rank 0 is lost.
bool is_gone(OwnerRecord const& owner, OwnerRecord const& self, double silent_s);

}  // namespace muster::io
