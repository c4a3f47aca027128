// CPU and memory limits of the control groups this process is in, versions 1 and 2.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace muster::topology {

struct CgroupLimits {
  std::optional<double> cpus;                  ///< smallest quota / period on the path
  std::optional<std::uint64_t> memory_bytes;   ///< smallest memory limit on the path
  std::optional<std::uint64_t> memory_room_bytes;  ///< smallest limit less use on the path
};

/// Reads the whole path from this process's group up to the mount: a limit set on any ancestor holds.
/// `root` stands before /proc and /sys so that tests can give a tree of their own. What cannot be read
/// is no limit.
CgroupLimits read_cgroup_limits(std::filesystem::path const& root = "/");

}  // namespace muster::topology
