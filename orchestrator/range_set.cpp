#include "orchestrator/range_set.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace muster::orchestrator {

bool RangeSet::intersects(TileRange range) const {
  auto const after = ends_.lower_bound(range.end());
  return range.count > 0 && after != ends_.begin() && std::prev(after)->second > range.first;
}

void RangeSet::insert(TileRange range) {
  if (range.count == 0) return;
  MUSTER_ASSERT(!intersects(range), "tiles {} to {} are in the set already", range.first,
                range.end() - 1);
  total_ += range.count;
  auto const after = ends_.lower_bound(range.first);
  bool const joins_after = after != ends_.end() && after->first == range.end();
  std::uint64_t const end = joins_after ? after->second : range.end();
  if (after != ends_.begin() && std::prev(after)->second == range.first) {
    std::prev(after)->second = end;
    if (joins_after) ends_.erase(after);
    return;
  }
  auto const hint = joins_after ? ends_.erase(after) : after;
  ends_.emplace_hint(hint, range.first, end);
}

void RangeSet::cover(TileRange range) {
  for (TileRange gap : gaps(range.first, range.end())) insert(gap);
}

TileRange RangeSet::take_front(std::uint64_t count) {
  if (ends_.empty() || count == 0) return {};
  auto const front = ends_.begin();
  auto const [first, end] = *front;
  TileRange const taken{first, std::min(count, end - first)};
  total_ -= taken.count;
  if (taken.end() == end) {
    ends_.erase(front);
  } else {
    // The node is used again: this runs once a lease.
    auto node = ends_.extract(front);
    node.key() = taken.end();
    ends_.insert(std::move(node));
  }
  return taken;
}

std::vector<TileRange> RangeSet::gaps(std::uint64_t first, std::uint64_t end) const {
  std::vector<TileRange> found;
  for (auto const& [from, to] : ends_) {
    if (from >= end) break;
    if (from > first) found.push_back({first, from - first});
    first = std::max(first, to);
  }
  if (first < end) found.push_back({first, end - first});
  return found;
}

std::vector<TileRange> RangeSet::ranges() const {
  std::vector<TileRange> all;
  for (auto const& [first, end] : ends_) all.push_back({first, end - first});
  return all;
}

}  // namespace muster::orchestrator
