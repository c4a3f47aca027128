// The GPU's engines have the bits of this CPU's, without a GPU: their text, run by an emulated block.
#include <gtest/gtest.h>

#include "tests/kernels/emulated_block.hpp"
// The engines stand on the words above.
#include "kernels/backtest/cuda_group_engine.hpp"
#include "kernels/backtest/cuda_team_engine.hpp"
#include "kernels/backtest/group_market.hpp"
#include "tests/kernels/backtest/random_market.hpp"

namespace muster::testing {
namespace {

using kernels::Aligned;

Tape<float> const& tape_of(Market const& market, float) { return market.single; }
Tape<double> const& tape_of(Market const& market, double) { return market.full; }

/// Rows of all symbols, arranged.
template <class V>
V arranged(GroupLayout layout, Market const& market, V const& from, std::size_t begin, typename V::value_type pad) {
  V to(std::size_t{market.bars} * layout.row());
  for (std::size_t i = 0; i < to.size(); ++i) {
    std::uint32_t const symbol = layout.symbol_at(static_cast<std::uint32_t>(i % layout.row()));
    to[i] = symbol < market.symbols ? from[begin + i / layout.row() * market.padded + symbol] : pad;
  }
  return to;
}

/// A market as groups read it.
template <class T>
struct GroupTables {
  Aligned<T> open, high, low, close, split, inverse_split, dividend, scale;
  std::vector<std::uint32_t> flags;
  Aligned<std::int16_t> cells;

  GroupTables(Market const& market, Features const& features, GroupLayout layout) {
    Tape<T> const& tape = tape_of(market, T(0));
    DenseEvents<T> const events(tape);
    auto const prices = [&](auto const& from, T pad) { return arranged(layout, market, aligned(from), 0, pad); };
    open = prices(opening_marks(tape), T(1));
    high = prices(tape.high, T(0));
    low = prices(tape.low, tape.no_low);
    close = prices(tape.close, T(1));
    split = prices(events.split, T(1));
    inverse_split = prices(events.inverse_split, T(1));
    dividend = prices(events.dividend, T(0));
    scale = prices(volatility_scales<T>(features), T(0));
    flags = flags_of(tape, layout);
    for (std::size_t i = 0; i < features.tables(); ++i) {
      auto const table = arranged(layout, market, features.cells, i * features.table_size(), std::int16_t{0});
      cells.insert(cells.end(), table.begin(), table.end());
    }
  }

  template <class V>
  static Aligned<T> aligned(V const& from) {
    return {from.begin(), from.end()};
  }

  GroupMarket<T> view(Features const& features, GroupLayout layout) const {
    return {static_cast<std::uint32_t>(features.windows.size()),
            std::uint64_t{features.bars} * layout.row(),
            open.data(),
            high.data(),
            low.data(),
            close.data(),
            split.data(),
            inverse_split.data(),
            dividend.data(),
            scale.data(),
            flags.data(),
            cells.data()};
  }
};

std::vector<Rule> random_rules(std::uint64_t seed, Features const& features, std::size_t count) {
  Dice dice(seed);
  std::vector<Rule> rules;
  for (std::size_t i = 0; i < count; ++i) rules.push_back(random_rule(dice, features));
  return rules;
}

/// By groups of a warp, rules side by side.
template <class T, class Shape>
std::vector<Tally> run_groups(Plan const& plan, std::vector<Rule> const& rules) {
  GroupLayout const layout{Shape::slots, Shape::lanes};
  GroupTables<T> const tables(*plan.market, *plan.features, layout);
  GroupMarket<T> const market = tables.view(*plan.features, layout);
  FillCosts<T> const fills = fill_costs<T>(plan.costs);
  auto const shared = std::make_unique<GroupShared<T, Shape>>();
  std::vector<Tally> tallies(rules.size());
  for (std::size_t first = 0; first < rules.size(); first += Shape::groups) {
    EmulatedBlock warp(1);
    EXPECT_TRUE(warp.run([&](int lane) {
      std::size_t const rule = first + static_cast<std::size_t>(lane / Shape::lanes);
      GroupEngine<T, Shape> engine(market, fills, *shared, lane);
      Tally const tally = engine.run(rules[std::min(rule, rules.size() - 1)], plan.spans[0], account_costs(plan.costs));
      if (engine.leads() && rule < rules.size()) tallies[rule] = tally;
    })) << "lanes of a warp do not meet";
  }
  return tallies;
}

/// By a block a rule.
template <class T>
std::vector<Tally> run_team(Plan const& plan, std::vector<Rule> const& rules, int warps) {
  Tape<T> const& tape = tape_of(*plan.market, T(0));
  DenseEvents<T> const events(tape);
  Features const& features = *plan.features;
  DeviceMarket<T> const market{tape.padded, static_cast<std::uint32_t>(features.windows.size()), features.table_size(), tape.open.data(),
                               tape.high.data(), tape.low.data(), tape.close.data(), events.split.data(), events.inverse_split.data(),
                               events.dividend.data(), events.has_events.data(), features.cells.data(), features.volatility_scale.data()};
  FillCosts<T> const fills = fill_costs<T>(plan.costs);
  std::vector<std::int64_t> scratch(most_team_sums * most_team_warps);
  TeamShared shared{};
  std::vector<Tally> tallies;
  for (Rule const& rule : rules) {
    EmulatedBlock block(warps);
    EXPECT_TRUE(block.run([&](int thread) {
      Team const team{warps, thread / 32, thread % 32, scratch.data()};
      Tally const tally = DeviceEngine<T, 4>(market, fills, team, shared).run(rule, plan.spans[0], account_costs(plan.costs));
      if (team.leads()) tallies.push_back(tally);
    })) << "threads of a block do not meet";
  }
  return tallies;
}

/// How many of the host's tallies are others, and what the rules traded.
std::size_t count_other(Plan const& plan, std::vector<Rule> const& rules, std::vector<Tally> const& tallies) {
  std::vector<Tally> host(rules.size());
  make_host_runner(plan)->run(rules, host);
  std::size_t other = 0, trades = 0;
  for (std::size_t i = 0; i < host.size(); ++i) {
    other += host[i] == tallies[i] ? 0 : 1;
    trades += host[i].trades;
  }
  EXPECT_GT(trades, rules.size()) << "too few to prove anything";
  return other;
}

struct Scene {
  Market market;
  Features features;
  Plan plan{};
  std::vector<Rule> rules{};

  Scene(std::uint32_t symbols, std::uint32_t bars, double volatility, std::size_t count)
      : market(random_market(symbols, symbols, bars, {0.02, 0.01, 0.2, 0.2, volatility})), features(all_features(market, {2, 5, 9}, 3)) {
    plan = {&market, &features, {}, {{1, bars}}, Precision::single};
    plan.costs.leverage = 3;
    rules = random_rules(symbols + 1, features, count);
  }
};

template <class Shape>
void compare_groups(Scene& scene) {
  scene.plan.precision = Precision::single;
  EXPECT_EQ(count_other(scene.plan, scene.rules, run_groups<float, Shape>(scene.plan, scene.rules)), 0U);
  scene.plan.precision = Precision::full;
  EXPECT_EQ(count_other(scene.plan, scene.rules, run_groups<double, Shape>(scene.plan, scene.rules)), 0U);
}

template <int I = 0>
void compare_layouts(std::uint32_t symbols, std::uint32_t bars, double volatility, double commission_usd) {
  if constexpr (I < group_layout_count) {
    using Shape = GroupShape<group_layouts[I].slots, group_layouts[I].lanes>;
    if (group_layout_for(symbols) != I) return compare_layouts<I + 1>(symbols, bars, volatility, commission_usd);
    Scene scene(symbols, bars, volatility, 2 * Shape::groups + 6);
    scene.plan.costs.commission_per_share_usd = commission_usd;
    compare_groups<Shape>(scene);
  }
}

class EmulatedGroups : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(EmulatedGroups, have_the_bits_of_the_host) { compare_layouts(GetParam(), 70, 0.02, 0); }
TEST_P(EmulatedGroups, end_as_the_host_does_in_ruin) { compare_layouts(GetParam(), 50, 0.2, 0.01); }

INSTANTIATE_TEST_SUITE_P(Symbols, EmulatedGroups, ::testing::Values(1, 3, 16, 31, 64, 100, 128, 207, 250, 300));

TEST(EmulatedTeams, have_the_bits_of_the_host) {
  Scene scene(520, 40, 0.02, 3);
  EXPECT_EQ(count_other(scene.plan, scene.rules, run_team<float>(scene.plan, scene.rules, 5)), 0U);
  scene.plan.precision = Precision::full;
  EXPECT_EQ(count_other(scene.plan, scene.rules, run_team<double>(scene.plan, scene.rules, 5)), 0U);
}

TEST(EmulatedBlock, tells_of_threads_that_do_not_meet) {
  EXPECT_FALSE(EmulatedBlock(1).run([](int lane) {
    if (lane != 7) __syncwarp();
  }));
  EXPECT_FALSE(EmulatedBlock(1).run([](int lane) {
    if (lane < 16)
      __syncwarp();
    else
      __any_sync(0xffffffffu, true);
  }));
}

TEST(EmulatedBlock, passes_values_between_lanes) {
  std::vector<int> swapped(32), shifted(32), picked(32);
  EXPECT_TRUE(EmulatedBlock(1).run([&](int lane) {
    auto const at = static_cast<std::size_t>(lane);
    swapped[at] = __shfl_xor_sync(0xffffffffu, lane, 4);
    shifted[at] = __shfl_up_sync(0xffffffffu, lane, 2, 8);
    picked[at] = __shfl_sync(0xffffffffu, lane, 7, 8);
  }));
  for (int lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(swapped[static_cast<std::size_t>(lane)], lane ^ 4);
    EXPECT_EQ(shifted[static_cast<std::size_t>(lane)], lane % 8 < 2 ? lane : lane - 2);
    EXPECT_EQ(picked[static_cast<std::size_t>(lane)], lane / 8 * 8 + 7);
  }
}

TEST(GroupLayouts, hold_every_symbol_once) {
  for (GroupLayout const layout : group_layouts) {
    std::vector<int> seen(layout.row());
    for (std::uint32_t cell = 0; cell < layout.row(); ++cell) seen[layout.symbol_at(cell)] += 1;
    EXPECT_EQ(seen, std::vector<int>(layout.row(), 1)) << layout.slots << " x " << layout.lanes;
  }
  EXPECT_EQ(group_layout_for(512), group_layout_count - 1);
  EXPECT_EQ(group_layout_for(513), -1);
  EXPECT_EQ(device_row(513), 544U);
}

TEST(GroupOrder, puts_like_rules_together) {
  Scene scene(3, 30, 0.02, 200);
  auto const order = order_of(scene.rules.data(), scene.rules.size());
  std::vector<int> seen(scene.rules.size());
  for (std::uint32_t i : order) seen[i] += 1;
  EXPECT_EQ(seen, std::vector<int>(scene.rules.size(), 1));
  for (std::size_t i = 1; i < order.size(); ++i) EXPECT_GE(work_of(scene.rules[order[i - 1]]), work_of(scene.rules[order[i]]));
}

}  // namespace
}  // namespace muster::testing
