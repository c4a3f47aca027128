#include "topology/grouping.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <set>

#include "topology/profiles.hpp"

namespace muster::topology {
namespace {

using Mask = std::uint32_t;

/// Above this many GPUs a machine is divided in order: the search below is over all sets of them.
constexpr int most_searched = 16;
constexpr std::int64_t forbidden = std::int64_t{1} << 40;

int gpus_of(Facts const& facts) { return static_cast<int>(facts.gpus.size()); }

Link link_of(Facts const& facts, int a, int b) {
  return link_between(facts, static_cast<std::size_t>(a), static_cast<std::size_t>(b));
}

/// The cheapest division into parts of given sizes, where a part costs the sum over its pairs. Exact: every
/// set of used GPUs is solved once. Of equals, the first in order.
class Division {
 public:
  Division(int count, std::vector<int> sizes, std::function<std::int64_t(int, int)> const& cost)
      : count_(count), sizes_(std::move(sizes)), costs_(static_cast<std::size_t>(count * count)),
        best_(std::size_t{1} << count, unsolved), first_(best_.size(), 0) {
    for (int a = 0; a < count; ++a)
      for (int b = 0; b < count; ++b) costs_[place(a, b)] = a == b ? 0 : cost(a, b);
  }

  /// Empty when every division has a forbidden pair.
  Parts solve() {
    Parts parts;
    if (rest(0, 0) >= forbidden) return parts;
    Mask used = 0;
    for (std::size_t part = 0; part < sizes_.size(); ++part) {
      auto const mine = first_[used];
      auto& members = parts.emplace_back();
      for (int gpu = 0; gpu < count_; ++gpu)
        if ((mine >> gpu & 1) != 0) members.push_back(gpu);
      used |= mine;
    }
    return parts;
  }

 private:
  static constexpr std::int64_t unsolved = -1;

  std::size_t place(int a, int b) const { return static_cast<std::size_t>(a * count_ + b); }

  /// What parts `part` and later cost with `used` taken: which part it is follows from `used`.
  std::int64_t rest(Mask used, std::size_t part) {
    if (part == sizes_.size()) return 0;
    if (best_[used] == unsolved) {
      best_[used] = forbidden;
      extend(used, part, 0, 0, 0, sizes_[part]);
    }
    return best_[used];
  }

  /// Adds GPUs from `from` on to the part `mine`, which costs `cost` so far.
  void extend(Mask used, std::size_t part, Mask mine, int from, std::int64_t cost, int missing) {
    if (cost >= best_[used]) return;
    if (missing == 0) {
      auto const all = cost + rest(used | mine, part + 1);
      if (all < best_[used]) {
        best_[used] = all;
        first_[used] = mine;
      }
      return;
    }
    for (int gpu = from; gpu < count_; ++gpu) {
      if ((used >> gpu & 1) != 0) continue;
      std::int64_t more = 0;
      for (int other = 0; other < gpu; ++other)
        if ((mine >> other & 1) != 0) more += costs_[place(other, gpu)];
      extend(used, part, mine | Mask{1} << gpu, gpu + 1, cost + more, missing - 1);
      // Equal parts are alike in any order, so the first holds the first free GPU.
      if (mine == 0 && are_alike_from(part)) break;
    }
  }
  bool are_alike_from(std::size_t part) const {
    return std::all_of(sizes_.begin() + static_cast<std::ptrdiff_t>(part), sizes_.end(),
                       [&](int size) { return size == sizes_[part]; });
  }

  int count_;
  std::vector<int> sizes_;
  std::vector<std::int64_t> costs_;
  std::vector<std::int64_t> best_;  ///< by the set of used GPUs
  std::vector<Mask> first_;         ///< the part that begins the best division of the others
};

/// In order, for machines too large to search: right where links are even inside runs of neighbours.
Parts in_order(std::vector<int> const& sizes) {
  Parts parts;
  int next = 0;
  for (int const size : sizes) {
    auto& part = parts.emplace_back(static_cast<std::size_t>(size));
    std::iota(part.begin(), part.end(), next);
    next += size;
  }
  return parts;
}

bool all_pairs(Parts const& parts, std::function<bool(int, int)> const& holds) {
  for (auto const& part : parts)
    for (std::size_t i = 0; i < part.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (!holds(part[j], part[i])) return false;
  return true;
}

/// Groups in which every pair has at least `nvlinks`; the most links in all.
Parts groups_of_width(Facts const& facts, int size, int nvlinks) {
  int const count = gpus_of(facts);
  std::vector<int> const sizes(static_cast<std::size_t>(count / size), size);
  auto const is_wide = [&](int a, int b) { return is_fast_pair(facts, a, b) && link_of(facts, a, b).nvlinks >= nvlinks; };
  if (auto const parts = in_order(sizes); count > most_searched) return all_pairs(parts, is_wide) ? parts : Parts{};
  return Division(count, sizes, [&](int a, int b) {
           return is_wide(a, b) ? std::int64_t{1000} - link_of(facts, a, b).nvlinks : forbidden;
         }).solve();
}

}  // namespace

int slowness(Facts const& facts, int a, int b) {
  auto const link = link_of(facts, a, b);
  auto const numa = [&](int gpu) { return facts.gpus[static_cast<std::size_t>(gpu)].numa; };
  bool const is_apart = numa(a) != numa(b);
  switch (link.kind) {
    case LinkKind::nvlink: return 100 - std::min(link.nvlinks, 99);
    case LinkKind::pcie_switch: return 1000;
    case LinkKind::pcie_switches: return 2000;
    case LinkKind::host_bridge: return 3000;
    case LinkKind::node: return 4000;
    case LinkKind::system: return 5000;
    case LinkKind::unknown: return is_apart ? 5000 : 3000;
  }
  return 5000;
}

bool is_fast_pair(Facts const& facts, int a, int b) {
  auto const &x = facts.gpus[static_cast<std::size_t>(a)], &y = facts.gpus[static_cast<std::size_t>(b)];
  bool const is_same_card = x.name == y.name && nominal_memory_gb(x.memory_bytes) == nominal_memory_gb(y.memory_bytes);
  return is_same_card && x.mig != Mig::slice && y.mig != Mig::slice && link_of(facts, a, b).kind == LinkKind::nvlink;
}

Parts fast_groups(Facts const& facts, int size) {
  int const count = gpus_of(facts);
  if (size < 2 || count < size || count % size != 0) return {};
  std::set<int, std::greater<>> widths;
  for (int a = 0; a < count; ++a)
    for (int b = 0; b < a; ++b)
      if (is_fast_pair(facts, a, b)) widths.insert(link_of(facts, a, b).nvlinks);
  for (int const width : widths)
    if (auto parts = groups_of_width(facts, size, width); !parts.empty()) return parts;
  return {};
}

std::string why_no_groups(Facts const& facts) {
  int const count = gpus_of(facts);
  for (int size = count; size >= 2; --size)
    if (!fast_groups(facts, size).empty()) return "";
  if (count < 2) return "it has fewer than two GPUs";
  if (facts.links.empty()) return "the links between its GPUs are not known";
  bool has_nvlink = false, has_slice = false, has_others = false;
  for (int a = 0; a < count; ++a) {
    has_slice = has_slice || facts.gpus[static_cast<std::size_t>(a)].mig == Mig::slice;
    has_others = has_others || facts.gpus[static_cast<std::size_t>(a)].name != facts.gpus.front().name;
    for (int b = 0; b < a; ++b) has_nvlink = has_nvlink || link_of(facts, a, b).kind == LinkKind::nvlink;
  }
  if (has_slice) return "MIG slices do not reach each other";
  if (!has_nvlink) return "no NVLink joins its GPUs";
  return has_others ? "its cards differ" : "NVLink does not join its GPUs in even groups";
}

Parts shares(Facts const& facts, std::vector<int> const& sizes) {
  int const count = gpus_of(facts);
  if (count > most_searched) return in_order(sizes);
  return Division(count, sizes, [&facts](int a, int b) { return std::int64_t{slowness(facts, a, b)}; }).solve();
}

}  // namespace muster::topology
