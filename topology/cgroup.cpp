#include "topology/cgroup.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace muster::topology {
namespace {

namespace fs = std::filesystem;

/// One mounted hierarchy: which part of it is mounted and where.
struct Mount {
  fs::path part;
  fs::path point;
  bool is_v2 = false;
  std::string controllers;  ///< comma-separated, version 1
};

std::vector<std::string> split(std::string const& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

bool has_controller(std::string const& list, std::string const& wanted) {
  for (auto const& name : split(list, ','))
    if (name == wanted) return true;
  return false;
}

/// /proc/self/mountinfo: "36 35 98:0 /root /point options - type source super_options".
std::vector<Mount> read_mounts(fs::path const& root) {
  std::vector<Mount> mounts;
  std::ifstream in(root / "proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    auto const dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    auto const before = split(line.substr(0, dash), ' ');
    auto const after = split(line.substr(dash + 3), ' ');
    if (before.size() < 5 || after.size() < 3) continue;
    if (after[0] == "cgroup2") mounts.push_back({before[3], before[4], true, ""});
    if (after[0] == "cgroup") mounts.push_back({before[3], before[4], false, after[2]});
  }
  return mounts;
}

std::optional<std::string> first_word(fs::path const& file, int index = 0) {
  std::ifstream in(file);
  std::string word;
  for (int i = 0; i <= index; ++i)
    if (!(in >> word)) return std::nullopt;
  return word;
}

template <class Number>
std::optional<Number> number_in(fs::path const& file, int index = 0) {
  auto const word = first_word(file, index);
  Number value{};
  if (!word) return std::nullopt;
  auto const [end, fault] = std::from_chars(word->data(), word->data() + word->size(), value);
  if (fault != std::errc{} || end != word->data() + word->size()) return std::nullopt;  // "max"
  return value;
}

template <class Number>
void keep_least(std::optional<Number>& least, std::optional<Number> candidate) {
  if (candidate && (!least || *candidate < *least)) least = candidate;
}

void take_cpu(fs::path const& group, bool is_v2, CgroupLimits& limits) {
  auto const quota = is_v2 ? number_in<std::int64_t>(group / "cpu.max")
                           : number_in<std::int64_t>(group / "cpu.cfs_quota_us");
  auto const period = is_v2 ? number_in<std::int64_t>(group / "cpu.max", 1)
                            : number_in<std::int64_t>(group / "cpu.cfs_period_us");
  if (quota && period && *quota > 0 && *period > 0)  // -1 and "max" mean none
    keep_least(limits.cpus, std::optional(static_cast<double>(*quota) / static_cast<double>(*period)));
}

/// Page cache that the kernel drops when memory is asked for: counted as use, free for us.
std::uint64_t reclaimable_bytes(fs::path const& group, bool is_v2) {
  std::ifstream in(group / "memory.stat");
  std::string key;
  for (std::uint64_t value = 0; in >> key >> value;)
    if (key == (is_v2 ? "inactive_file" : "total_inactive_file")) return value;
  return 0;
}

void take_memory(fs::path const& group, bool is_v2, CgroupLimits& limits) {
  auto const limit = number_in<std::uint64_t>(group / (is_v2 ? "memory.max" : "memory.limit_in_bytes"));
  // Version 1 writes "none" as the largest multiple of a page in 63 bits.
  if (!limit || *limit >= std::uint64_t{1} << 60) return;
  keep_least(limits.memory_bytes, limit);
  auto const used =
      number_in<std::uint64_t>(group / (is_v2 ? "memory.current" : "memory.usage_in_bytes")).value_or(0);
  auto const kept = used - std::min(used, reclaimable_bytes(group, is_v2));
  keep_least(limits.memory_room_bytes, std::optional(*limit - std::min(kept, *limit)));
}

/// The group's path below the mount. A container may see a path that its mount does not hold; what is
/// mounted is then the group itself.
fs::path below_mount(fs::path const& group, fs::path const& part) {
  auto const relative = group.lexically_relative(part);
  if (relative.empty() || *relative.begin() == "..") return {};
  return relative == "." ? fs::path{} : relative;
}

}  // namespace

CgroupLimits read_cgroup_limits(fs::path const& root) {
  CgroupLimits limits;
  auto const mounts = read_mounts(root);
  std::ifstream in(root / "proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {  // "4:memory:/a/b" or "0::/a/b"
    auto const first = line.find(':');
    auto const second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    auto const controllers = line.substr(first + 1, second - first - 1);
    fs::path const group = line.substr(second + 1);
    bool const is_v2 = controllers.empty();
    bool const has_cpu = is_v2 || has_controller(controllers, "cpu");
    bool const has_memory = is_v2 || has_controller(controllers, "memory");
    for (auto const& mount : mounts) {
      if (mount.is_v2 != is_v2) continue;
      if (!is_v2 && !(has_cpu && has_controller(mount.controllers, "cpu")) &&
          !(has_memory && has_controller(mount.controllers, "memory")))
        continue;
      auto const top = root / mount.point.relative_path();
      auto here = below_mount(group, mount.part);
      while (true) {
        if (has_cpu) take_cpu(top / here, is_v2, limits);
        if (has_memory) take_memory(top / here, is_v2, limits);
        if (here.empty()) break;
        here = here.parent_path();
      }
    }
  }
  return limits;
}

}  // namespace muster::topology
