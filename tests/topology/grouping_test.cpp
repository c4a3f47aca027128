// Divisions equal the best of all divisions, tried one by one, on every fixture of up to eight GPUs.
#include "topology/grouping.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <tuple>

#include "tests/topology/fixtures.hpp"

namespace muster::topology {
namespace {

using testing::ElementsAre;

/// Machines of the fixture with at most eight GPUs.
std::vector<Facts> small_machines(std::string const& name) {
  std::vector<Facts> machines;
  for (auto const& node : fixture(name).nodes)
    if (!node.machine.gpus.empty() && node.machine.gpus.size() <= 8) machines.push_back(node.machine);
  return machines;
}

Parts cut(std::vector<int> const& order, std::vector<int> const& sizes) {
  Parts parts;
  std::size_t next = 0;
  for (int const size : sizes) {
    parts.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(next),
                       order.begin() + static_cast<std::ptrdiff_t>(next) + size);
    next += static_cast<std::size_t>(size);
  }
  return parts;
}

template <class Visit>
void for_pairs(Parts const& parts, Visit const& visit) {
  for (auto const& part : parts)
    for (std::size_t i = 0; i < part.size(); ++i)
      for (std::size_t j = i + 1; j < part.size(); ++j) visit(part[i], part[j]);
}

int slowness_inside(Facts const& facts, Parts const& parts) {
  int sum = 0;
  for_pairs(parts, [&](int a, int b) { sum += slowness(facts, a, b); });
  return sum;
}

/// The thinnest link and the links in all, or nothing when a pair is not fast.
std::tuple<int, int> links_inside(Facts const& facts, Parts const& parts) {
  int thinnest = 1000, sum = 0;
  for_pairs(parts, [&](int a, int b) {
    auto const link = link_between(facts, static_cast<std::size_t>(a), static_cast<std::size_t>(b));
    int const links = is_fast_pair(facts, a, b) ? link.nvlinks : -1000;
    thinnest = std::min(thinnest, links);
    sum += links;
  });
  return {thinnest, sum};
}

/// Every order of the GPUs in turn.
template <class Visit>
void for_all_orders(std::size_t gpus, Visit const& visit) {
  std::vector<int> order(gpus);
  std::iota(order.begin(), order.end(), 0);
  do visit(order);
  while (std::next_permutation(order.begin(), order.end()));
}

void expect_each_once(Parts const& parts, std::size_t gpus) {
  std::vector<int> all;
  for (auto const& part : parts) all.insert(all.end(), part.begin(), part.end());
  std::sort(all.begin(), all.end());
  std::vector<int> wanted(gpus);
  std::iota(wanted.begin(), wanted.end(), 0);
  EXPECT_EQ(all, wanted);
}

class Grouping : public testing::TestWithParam<std::string> {};

TEST_P(Grouping, SharesEqualBruteForce) {
  for (auto const& facts : small_machines(GetParam())) {
    auto const count = static_cast<int>(facts.gpus.size());
    for (int ranks = 1; ranks <= count; ++ranks) {
      std::vector<int> sizes;
      for (int rank = 0; rank < ranks; ++rank) sizes.push_back((rank + 1) * count / ranks - rank * count / ranks);
      int best = std::numeric_limits<int>::max();
      for_all_orders(facts.gpus.size(), [&](auto const& order) { best = std::min(best, slowness_inside(facts, cut(order, sizes))); });
      auto const parts = shares(facts, sizes);
      expect_each_once(parts, facts.gpus.size());
      for (std::size_t i = 0; i < sizes.size(); ++i) EXPECT_EQ(static_cast<int>(parts[i].size()), sizes[i]);
      EXPECT_EQ(slowness_inside(facts, parts), best) << ranks << " ranks";
    }
  }
}

TEST_P(Grouping, FastGroupsEqualBruteForce) {
  for (auto const& facts : small_machines(GetParam())) {
    auto const count = static_cast<int>(facts.gpus.size());
    for (int size = 2; size <= count; ++size) {
      auto const found = fast_groups(facts, size);
      std::tuple<int, int> best{0, 0};
      if (count % size == 0)
        for_all_orders(facts.gpus.size(), [&](auto const& order) {
          best = std::max(best, links_inside(facts, cut(order, std::vector<int>(static_cast<std::size_t>(count / size), size))));
        });
      EXPECT_EQ(found.empty(), std::get<0>(best) <= 0) << size;
      if (found.empty()) continue;
      expect_each_once(found, facts.gpus.size());
      EXPECT_EQ(links_inside(facts, found), best) << size;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, Grouping, testing::ValuesIn(fixture_names()),
                         [](auto const& test) { return fixture_test_name(test.param); });

TEST(FastGroups, AreTheQuadsOfADgx1) {
  auto const facts = fixture_machine("dgx1v");
  EXPECT_THAT(fast_groups(facts, 8), testing::IsEmpty());
  EXPECT_THAT(fast_groups(facts, 4), ElementsAre(ElementsAre(0, 1, 2, 3), ElementsAre(4, 5, 6, 7)));
  // In twos every GPU has a partner over two links.
  for (auto const& pair : fast_groups(facts, 2))
    EXPECT_EQ(link_between(facts, static_cast<std::size_t>(pair[0]), static_cast<std::size_t>(pair[1])).nvlinks, 2);
}

TEST(FastGroups, FollowTheBridges) {
  EXPECT_THAT(fast_groups(fixture_machine("quad-3090-bridged"), 2), ElementsAre(ElementsAre(0, 2), ElementsAre(1, 3)));
  EXPECT_THAT(fast_groups(fixture_machine("quad-3090-bridged"), 4), testing::IsEmpty());
  EXPECT_THAT(fast_groups(fixture_machine("triples-v100"), 3), ElementsAre(ElementsAre(0, 1, 2), ElementsAre(3, 4, 5)));
  EXPECT_THAT(fast_groups(fixture_machine("dgx2"), 16), testing::SizeIs(1));
}

TEST(FastGroups, SayWhyThereAreNone) {
  EXPECT_EQ(why_no_groups(fixture_machine("hgx-h100")), "");
  EXPECT_EQ(why_no_groups(fixture_machine("pcie-4090-no-peer")), "no NVLink joins its GPUs");
  EXPECT_EQ(why_no_groups(fixture_machine("mig-a100")), "the links between its GPUs are not known");
  EXPECT_EQ(why_no_groups(fixture_machine("laptop-3050")), "it has fewer than two GPUs");
  auto facts = fixture_machine("hgx-h100");
  facts.gpus[3].name = "NVIDIA H200";
  EXPECT_EQ(why_no_groups(facts), "its cards differ");
}

TEST(Shares, StayOnOneSocket) {
  EXPECT_THAT(shares(fixture_machine("dgx1v"), {4, 4}), ElementsAre(ElementsAre(0, 1, 2, 3), ElementsAre(4, 5, 6, 7)));
  // GPU 0 alone is on the second socket.
  EXPECT_THAT(shares(fixture_machine("mixed-cards"), {1, 4}), ElementsAre(ElementsAre(0), ElementsAre(1, 2, 3, 4)));
  EXPECT_THAT(shares(fixture_machine("quad-3090-bridged"), {2, 2}), ElementsAre(ElementsAre(0, 2), ElementsAre(1, 3)));
}

TEST(Shares, OfLargeMachinesAreInOrder) {
  Facts facts;
  facts.gpus.resize(20);
  auto const parts = shares(facts, {10, 10});
  EXPECT_EQ(parts[1].front(), 10);
}

}  // namespace
}  // namespace muster::topology
