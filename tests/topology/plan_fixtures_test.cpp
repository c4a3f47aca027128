// What is planned for every fixture.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/error.hpp"
#include "tests/topology/fixtures.hpp"
#include "topology/grouping.hpp"
#include "topology/plan.hpp"

namespace muster::topology {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Demand with_model_parallel_form() {
  Demand demand;
  demand.has_model_parallel_form = true;
  return demand;
}

struct Expected {
  char const* fixture;
  int gpus;
  Mode mode;
  int group_size;
  Tier tier;
  char const* reason;  ///< of the mode, part of it
};

constexpr Expected expectations[] = {
    {"cloud-a10g", 4, Mode::data_parallel, 1, Tier::high, "4 GPUs"},
    {"cloud-t4", 4, Mode::data_parallel, 1, Tier::high, "4 GPUs"},
    {"cluster-h100", 128, Mode::model_data_parallel, 8, Tier::high, "data parallel across 16 groups"},
    {"container-a100", 2, Mode::data_parallel, 1, Tier::high, "2 GPUs"},
    {"dgx-a100", 8, Mode::model_data_parallel, 8, Tier::high, "data parallel across 1 group"},
    {"dgx1v", 8, Mode::model_data_parallel, 4, Tier::high, "groups of 4 joined by NVLink"},
    {"dgx2", 16, Mode::model_data_parallel, 16, Tier::high, "groups of 16"},
    {"duo-5090", 2, Mode::data_parallel, 1, Tier::high, "2 GPUs"},
    {"duo-h200", 2, Mode::data_parallel, 1, Tier::high, "2 GPUs"},
    {"gb200-node", 4, Mode::data_parallel, 1, Tier::high, "4 GPUs"},
    {"gh200", 1, Mode::standalone, 1, Tier::high, "1 GPU"},
    {"hgx-b200", 8, Mode::model_data_parallel, 8, Tier::high, "groups of 8"},
    {"hgx-h100", 8, Mode::model_data_parallel, 8, Tier::high, "groups of 8"},
    {"hgx-h200", 8, Mode::model_data_parallel, 8, Tier::high, "groups of 8"},
    {"laptop-3050", 1, Mode::standalone, 1, Tier::low, "1 GPU"},
    {"mig-a100", 1, Mode::standalone, 1, Tier::mid, "1 GPU"},
    {"mig-mixed", 1, Mode::standalone, 1, Tier::high, "1 GPU"},
    {"mixed-cards", 5, Mode::data_parallel, 1, Tier::high, "5 GPUs"},
    {"mixed-nodes", 24, Mode::data_parallel, 1, Tier::high, "24 GPUs without a fast group: small[1-4]: no NVLink"},
    {"no-gpu", 0, Mode::cpu, 1, Tier::mid, "no GPU here"},
    {"pcie-4090-no-peer", 8, Mode::data_parallel, 1, Tier::high, "8 GPUs without a fast group: no NVLink joins"},
    {"pcie-4090-peer", 2, Mode::data_parallel, 1, Tier::high, "2 GPUs"},
    {"pcie-switches", 8, Mode::data_parallel, 1, Tier::mid, "8 GPUs without a fast group: no NVLink joins"},
    {"quad-3090-bridged", 4, Mode::data_parallel, 1, Tier::high, "4 GPUs"},
    {"server-a10", 4, Mode::data_parallel, 1, Tier::high, "4 GPUs"},
    {"server-a40-bridged", 4, Mode::data_parallel, 1, Tier::high, "4 GPUs"},
    {"server-a40x10", 10, Mode::data_parallel, 1, Tier::high, "10 GPUs without a fast group: no NVLink joins"},
    {"single-p4", 1, Mode::standalone, 1, Tier::mid, "1 GPU"},
    {"triples-v100", 6, Mode::data_parallel, 1, Tier::high, "6 GPUs"},
};

TEST(PlanFixtures, HaveTheirMode) {
  for (auto const& expected : expectations) {
    SCOPED_TRACE(expected.fixture);
    auto const plan = make_plan(fixture(expected.fixture), with_model_parallel_form());
    EXPECT_EQ(plan.gpus, expected.gpus);
    EXPECT_EQ(to_string(plan.mode), to_string(expected.mode));
    EXPECT_EQ(plan.group_size, expected.group_size);
    EXPECT_EQ(plan.tier, expected.tier);
    EXPECT_THAT(plan.decisions.front().reason, HasSubstr(expected.reason));
  }
}

TEST(PlanFixtures, AreAllExpected) {
  std::set<std::string> listed;
  for (auto const& expected : expectations) listed.insert(expected.fixture);
  auto const names = fixture_names();
  EXPECT_EQ(listed, std::set<std::string>(names.begin(), names.end()));
}

class PlanFixture : public testing::TestWithParam<std::string> {};

TEST_P(PlanFixture, DrivesEveryGpuOnceAndInFastGroups) {
  auto const cluster = fixture(GetParam());
  auto const plan = make_plan(cluster, with_model_parallel_form());
  ASSERT_EQ(plan.nodes.size(), cluster.nodes.size());
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    auto const& machine = cluster.nodes[i].machine;
    std::multiset<int> driven;
    for (auto const& rank : plan.nodes[i].ranks) driven.insert(rank.gpus.begin(), rank.gpus.end());
    EXPECT_EQ(std::set<int>(driven.begin(), driven.end()).size(), driven.size());
    bool const is_cut = !machine.gpus.empty() && machine.gpus.front().mig == Mig::slice;
    if (!is_cut) {
      EXPECT_EQ(driven.size(), machine.gpus.size());
    }
    for (auto const& group : plan.nodes[i].groups)  // ordinals are places in these files
      for (int const a : group)
        for (int const b : group) EXPECT_TRUE(a == b || is_fast_pair(machine, a, b));
  }
}

TEST_P(PlanFixture, BindsEachRankToTheNodeOfItsGpu) {
  auto const cluster = fixture(GetParam());
  if (!is_one_machine(cluster)) return;
  auto launched = cluster.nodes.front().machine;
  auto const gpus = static_cast<int>(launched.gpus.size());
  if (gpus == 0) return;
  launched.launch = {true, 0, gpus, 0, gpus};
  auto const plan = make_plan(launched, {});
  for (auto const& rank : plan.ranks) {
    ASSERT_EQ(rank.gpus.size(), 1U);
    EXPECT_EQ(rank.numa, launched.gpus[static_cast<std::size_t>(rank.gpus.front())].numa);
  }
}

TEST_P(PlanFixture, DependsOnNominalFactsAlone) {
  auto cluster = fixture(GetParam());
  auto const before = make_plan(cluster, with_model_parallel_form());
  for (auto& node : cluster.nodes)
    for (auto& gpu : node.machine.gpus) {
      gpu.free_bytes = 0;
      gpu.clock_mhz = 1;
      gpu.memory_bytes -= gpu.memory_bytes / 100;  // as another driver reports it
      gpu.ecc = gpu.ecc == Ecc::on ? Ecc::off : Ecc::on;
    }
  auto const after = make_plan(cluster, with_model_parallel_form());
  ASSERT_EQ(before.decisions.size(), after.decisions.size());
  for (std::size_t i = 0; i < before.decisions.size(); ++i) {
    EXPECT_EQ(before.decisions[i].what, after.decisions[i].what);
    if (before.decisions[i].what == "GPU memory") continue;  // what may be taken follows what is free
    EXPECT_EQ(before.decisions[i].value, after.decisions[i].value);
    EXPECT_EQ(before.decisions[i].reason, after.decisions[i].reason);
  }
  ASSERT_EQ(before.least.has_value(), after.least.has_value());
  if (before.least) {
    EXPECT_EQ(before.least->batch, after.least->batch);
    EXPECT_EQ(before.least->rated, after.least->rated);
  }
}

INSTANTIATE_TEST_SUITE_P(All, PlanFixture, testing::ValuesIn(fixture_names()),
                         [](auto const& test) { return fixture_test_name(test.param); });

/// The message of the error that planning ends with.
std::string refused_plan(Cluster const& cluster, Demand const& demand, Exit code = Exit::user) {
  try {
    make_plan(cluster, demand);
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), code);
    return error.what();
  }
  ADD_FAILURE() << "the plan was accepted";
  return "";
}

std::string reason_of(Plan const& plan, std::string const& what) {
  for (auto const& decision : plan.decisions)
    if (decision.what == what) return decision.reason;
  return "not told";
}

TEST(AskedMode, IsObeyed) {
  auto demand = with_model_parallel_form();
  demand.mode = Mode::data_parallel;
  EXPECT_EQ(make_plan(fixture("hgx-h100"), demand).mode, Mode::data_parallel);
  demand.mode = Mode::model_data_parallel;
  auto const quad = make_plan(fixture("quad-3090-bridged"), demand);
  EXPECT_EQ(quad.group_size, 2);
  EXPECT_THAT(quad.nodes.front().groups, ElementsAre(ElementsAre(0, 2), ElementsAre(1, 3)));
  demand.mode = Mode::standalone;
  auto const one = make_plan(fixture("hgx-h100"), demand);
  EXPECT_EQ(one.gpus, 1);
  EXPECT_THAT(one.ranks.front().gpus, ElementsAre(0));
  EXPECT_EQ(reason_of(one, "GPUs"), "1 of 8 GPUs used: --mode standalone");
  demand.mode = Mode::cpu;
  EXPECT_EQ(make_plan(fixture("hgx-h100"), demand).mode, Mode::cpu);
  EXPECT_EQ(make_plan(fixture("hgx-h100"), demand).tier, Tier::mid);
}

TEST(Groups, AreNeverCutAmongRanks) {
  auto demand = with_model_parallel_form();
  demand.in_process_ranks = 3;
  auto const plan = make_plan(fixture("dgx1v"), demand);
  ASSERT_EQ(plan.nodes.front().groups.size(), 2u);
  ASSERT_EQ(plan.ranks.size(), 3u);
  EXPECT_EQ(plan.ranks[0].gpus, plan.nodes.front().groups[0]);
  EXPECT_EQ(plan.ranks[1].gpus, plan.nodes.front().groups[1]);
  EXPECT_TRUE(plan.ranks[2].gpus.empty());
  demand.in_process_ranks = 1;
  EXPECT_EQ(make_plan(fixture("dgx1v"), demand).ranks.front().gpus.size(), 8u);
}

TEST(AskedMode, IsRefusedWithTheReason) {
  auto demand = with_model_parallel_form();
  demand.mode = Mode::model_data_parallel;
  EXPECT_THAT(refused_plan(fixture("pcie-4090-no-peer"), demand), HasSubstr("no fast group (no NVLink joins its GPUs)"));
  EXPECT_THAT(refused_plan(fixture("laptop-3050"), demand), HasSubstr("--mode model+data with 1 GPU"));
  demand.has_model_parallel_form = false;
  EXPECT_THAT(refused_plan(fixture("hgx-h100"), demand), HasSubstr("no model-parallel form; use --mode data"));
  demand.mode = Mode::data_parallel;
  EXPECT_THAT(refused_plan(fixture("gh200"), demand), HasSubstr("--mode data with 1 GPU (it needs 2 or more)"));
  EXPECT_THAT(refused_plan(fixture("no-gpu"), demand, Exit::environment), HasSubstr("--mode data, but there is no GPU to use (no GPU here)"));
  demand.mode = Mode::standalone;
  EXPECT_THAT(refused_plan(fixture("cluster-h100"), demand), HasSubstr("several ranks or machines"));
  demand.in_process_ranks = 2;
  EXPECT_THAT(refused_plan(fixture("hgx-h100"), demand), HasSubstr("several ranks or machines"));
  demand = {};
  demand.in_process_ranks = 2;
  EXPECT_THAT(refused_plan(fixture("cluster-h100"), demand), HasSubstr("--ranks 2 on several machines"));
  demand = {};
  demand.device = DeviceChoice::cpu;
  demand.mode = Mode::standalone;
  EXPECT_THAT(refused_plan(fixture("hgx-h100"), demand), HasSubstr("contradict"));
  demand.device = DeviceChoice::gpu;
  demand.mode = Mode::cpu;
  EXPECT_THAT(refused_plan(fixture("hgx-h100"), demand), HasSubstr("contradict"));
}

TEST(AskedMode, HasWords) {
  for (auto const* word : {"cpu", "standalone", "data", "model+data"}) EXPECT_TRUE(parse_mode(word)) << word;
  EXPECT_FALSE(parse_mode("auto"));
}

TEST(Slices, AreOneAProcess) {
  EXPECT_THAT(reason_of(make_plan(fixture("mig-a100"), {}), "GPUs"), HasSubstr("1 of 7 MIG slices used"));
  auto machine = fixture_machine("mig-a100");
  machine.launch = {true, 0, 7, 0, 7};
  auto const all = make_plan(machine, {});
  EXPECT_EQ(all.gpus, 7);
  for (auto const& rank : all.ranks) EXPECT_EQ(rank.gpus.size(), 1U);
  machine.launch = {true, 0, 3, 0, 3};
  EXPECT_EQ(make_plan(machine, {}).gpus, 3);
  Demand demand;
  demand.joins_ranks = true;
  auto const apart = make_plan(machine, demand);
  EXPECT_EQ(apart.joined_ranks, 1);
  EXPECT_THAT(reason_of(apart, "sums"), HasSubstr("MIG slices cannot reach each other"));
}

TEST(Ranks, WithAsManyGpusEachSumByNccl) {
  Demand demand;
  demand.joins_ranks = true;
  auto const hgx = fixture_machine("hgx-h100");
  EXPECT_EQ(make_plan(hgx, demand).joined_ranks, 1) << "a rank that drives them all";
  auto plan = make_plan({{{hgx, 2}}, ""}, demand);
  EXPECT_EQ(plan.joined_ranks, 16);
  EXPECT_THAT(reason_of(plan, "sums"), HasSubstr("among the GPUs of 16 ranks"));
  EXPECT_EQ(plan.nodes[0].ranks[0].driver_bytes[0], context_bytes(hgx.gpus[0]) + nccl_bytes);
  demand.joins_ranks = false;
  plan = make_plan({{{hgx, 2}}, ""}, demand);
  EXPECT_EQ(plan.joined_ranks, 1);
  EXPECT_EQ(plan.nodes[0].ranks[0].driver_bytes[0], context_bytes(hgx.gpus[0]));
  demand.joins_ranks = true;
  plan = make_plan({{{hgx, 1}, {fixture_machine("cloud-t4"), 1}}, ""}, demand);
  EXPECT_GT(plan.joined_ranks, 1) << "cards may differ";
  auto few = hgx;
  few.launch = {true, 0, 3, 0, 3};
  plan = make_plan(few, demand);
  EXPECT_EQ(plan.joined_ranks, 1);
  EXPECT_THAT(reason_of(plan, "sums"), HasSubstr("different numbers of GPUs"));
  demand.sharing = GpuSharing::allowed;
  EXPECT_THAT(reason_of(make_plan(few, demand), "sums"), HasSubstr("share a GPU"));
}

TEST(Build, IsNamedForCardsCuda13HasNoCodeFor) {
  EXPECT_THAT(reason_of(make_plan(fixture("dgx1v"), {}), "build"), HasSubstr("sm_70, and CUDA 13 begins at sm_75"));
  EXPECT_EQ(reason_of(make_plan(fixture("cloud-t4"), {}), "build"), "not told");
}

TEST(SeveralMachines, AreCountedWhereTheyAreAlike) {
  Cluster cluster;
  for (int i = 0; i < 5; ++i) {
    auto machine = fixture_machine(i == 4 ? "dgx-a100" : "hgx-h100");
    machine.host = std::to_string(i);
    machine.gpus[0].uuid = machine.host;
    machine.gpus[0].free_bytes -= 1;
    cluster.nodes.push_back({machine, 1});
  }
  auto const plan = make_plan(cluster, with_model_parallel_form());
  ASSERT_EQ(plan.nodes.size(), 2U);
  EXPECT_EQ(plan.nodes[0].count, 4);
  EXPECT_EQ(plan.nodes[1].count, 1);
  EXPECT_EQ(plan.gpus, 40);
  EXPECT_EQ(plan.decisions.front().reason,
            "40 GPUs: model parallel inside groups of 8 joined by NVLink, data parallel across 5 groups");
}

TEST(SeveralMachines, HaveARankForEachGpu) {
  auto const plan = make_plan(fixture("mixed-nodes"), {});
  EXPECT_EQ(plan.nodes[0].ranks.size(), 8U);
  EXPECT_EQ(plan.nodes[1].ranks.size(), 2U);
  EXPECT_EQ(plan.nodes[2].ranks.size(), 1U);
  EXPECT_THAT(plan.nodes[2].ranks.front().gpus, testing::IsEmpty());
  EXPECT_EQ(plan.nodes[0].ranks[5].numa, 1);
  EXPECT_EQ(plan.least->name, "T4");
}

}  // namespace
}  // namespace muster::topology
