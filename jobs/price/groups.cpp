#include "jobs/price/groups.hpp"

#include <numeric>

namespace muster::jobs::price {

std::vector<Group> make_groups(Params const& params) {
  std::vector<std::uint32_t> root(params.market.assets.size());
  std::iota(root.begin(), root.end(), 0u);
  auto find = [&](std::uint32_t a) {
    while (root[a] != a) a = root[a] = root[root[a]];
    return a;
  };
  for (auto const& instrument : params.instruments) {
    if (instrument.assets.empty()) continue;
    std::uint32_t const first = find(instrument.assets.front());
    for (std::uint32_t a : instrument.assets) {
      std::uint32_t const other = find(a);
      // The smaller index stays the root, so that a group is known by its first asset.
      if (other < find(first)) root[find(first)] = other;
      else root[other] = find(first);
    }
  }
  std::vector<Group> by_root(root.size());
  for (std::uint32_t i = 0; i < params.instruments.size(); ++i)
    if (auto const& assets = params.instruments[i].assets; !assets.empty())
      by_root[find(assets.front())].instruments.push_back(i);
  for (std::uint32_t a = 0; a < root.size(); ++a) by_root[find(a)].assets.push_back(a);
  std::vector<Group> groups;
  for (auto& group : by_root)
    if (!group.instruments.empty()) groups.push_back(std::move(group));
  return groups;
}

}  // namespace muster::jobs::price
