#include "topology/cpu_sets.hpp"

#include <fmt/core.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <set>

namespace muster::topology {
namespace {

/// More than any machine has; the kernel's own limit is 8192.
constexpr int most_cpus = 1 << 16;

struct FreeSet {
  void operator()(cpu_set_t* set) const { CPU_FREE(set); }
};
using SystemSet = std::unique_ptr<cpu_set_t, FreeSet>;

std::size_t set_bytes() { return CPU_ALLOC_SIZE(most_cpus); }

SystemSet empty_set() {
  SystemSet set(CPU_ALLOC(most_cpus));
  if (set) CPU_ZERO_S(set_bytes(), set.get());
  return set;
}

SystemSet binding_now() {
  auto set = empty_set();
  return set && sched_getaffinity(0, set_bytes(), set.get()) == 0 ? std::move(set) : nullptr;
}

CpuSet numbers_in(cpu_set_t const* set) {
  CpuSet cpus;
  for (int cpu = 0; cpu < most_cpus; ++cpu)
    if (CPU_ISSET_S(cpu, set_bytes(), set)) cpus.push_back(cpu);
  return cpus;
}

/// The number at the start of `text`, which loses it.
std::optional<int> take_number(std::string_view& text) {
  int value = 0;
  auto const [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || value < 0 || value >= most_cpus) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string to_string(CpuSet const& cpus) {
  std::string text;
  for (std::size_t i = 0; i < cpus.size();) {
    auto end = i + 1;
    while (end < cpus.size() && cpus[end] == cpus[end - 1] + 1) ++end;
    text += fmt::format("{}{}", text.empty() ? "" : ",", cpus[i]);
    if (end - i > 1) text += fmt::format("{}{}", end - i > 2 ? "-" : ",", cpus[end - 1]);
    i = end;
  }
  return text.empty() ? "none" : text;
}

std::string cores_text(std::vector<CpuSet> const& cores) {
  std::string text;
  for (auto const& core : cores)
    for (std::size_t i = 0; i < core.size(); ++i)
      text += fmt::format("{}{}", i > 0 ? "," : text.empty() ? "" : " ", core[i]);
  return text;
}

std::optional<std::vector<CpuSet>> parse_cores(std::string_view text) {
  std::vector<CpuSet> cores;
  std::set<int> seen;
  while (!text.empty()) {
    auto& core = cores.emplace_back();
    do {
      auto const cpu = take_number(text);
      if (!cpu || !seen.insert(*cpu).second) return std::nullopt;
      core.push_back(*cpu);
    } while (take(text, ','));
    std::sort(core.begin(), core.end());
    if (!text.empty() && (!take(text, ' ') || text.empty())) return std::nullopt;
  }
  return cores;
}

CpuSet widest_binding() {
  auto const before = binding_now();
  auto all = empty_set();
  if (!before || !all) return {};
  for (int cpu = 0; cpu < most_cpus; ++cpu) CPU_SET_S(cpu, set_bytes(), all.get());
  // The kernel keeps of this what the cpuset allows.
  if (sched_setaffinity(0, set_bytes(), all.get()) != 0) return {};
  auto const widest = binding_now();
  sched_setaffinity(0, set_bytes(), before.get());
  return widest ? numbers_in(widest.get()) : CpuSet{};
}

std::string bind_thread(CpuSet const& cpus) {
  if (cpus.empty()) return "";
  auto set = empty_set();
  if (!set) return "out of memory";
  for (int const cpu : cpus)
    if (cpu >= 0 && cpu < most_cpus) CPU_SET_S(cpu, set_bytes(), set.get());
  return sched_setaffinity(0, set_bytes(), set.get()) == 0 ? "" : std::strerror(errno);
}

}  // namespace muster::topology
