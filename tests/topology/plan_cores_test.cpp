#include "topology/plan_cores.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <set>
#include <thread>

#include "topology/cpu_sets.hpp"
#include "topology/probe_cpu.hpp"

namespace muster::topology {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Two NUMA nodes of four cores of two hardware threads, numbered as Linux does: 0-7, then their twins.
Facts two_nodes(int gpus, int local_ranks) {
  Facts facts;
  facts.cpu.cores = facts.cpu.usable_cores = 8;
  facts.cpu.threads = facts.cpu.usable_threads = 16;
  for (int node = 0; node < 2; ++node) {
    auto& added = facts.cpu.numa.emplace_back(NumaNode{node, 4, 0, {}});
    for (int core = 4 * node; core < 4 * node + 4; ++core) added.usable.push_back({core, core + 8});
  }
  for (int i = 0; i < gpus; ++i) {
    Gpu gpu;
    gpu.ordinal = i;
    gpu.name = "NVIDIA H200";
    gpu.memory_bytes = 143771ULL << 20;
    gpu.numa = i * 2 / gpus;
    facts.gpus.push_back(gpu);
  }
  facts.launch = {true, 0, local_ranks, 0, local_ranks};
  return facts;
}

std::vector<std::string> bindings(Facts const& facts) {
  std::vector<std::string> texts;
  for (auto const& rank : make_plan(facts, {}).ranks) texts.push_back(to_string(rank.cpus));
  return texts;
}

TEST(Binding, OfARankAloneIsEveryUsableCore) {
  EXPECT_THAT(bindings(two_nodes(0, 1)), ElementsAre("0-15"));
  EXPECT_THAT(bindings(two_nodes(2, 1)), ElementsAre("0-15"));  // its GPUs are on both nodes
}

TEST(Binding, IsToTheNodeOfTheGpu) {
  EXPECT_THAT(bindings(two_nodes(2, 2)), ElementsAre("0-3,8-11", "4-7,12-15"));
  EXPECT_THAT(bindings(two_nodes(4, 4)), ElementsAre("0,1,8,9", "2,3,10,11", "4,5,12,13", "6,7,14,15"));
  auto one_node = two_nodes(2, 2);
  for (auto& gpu : one_node.gpus) gpu.numa = 1;
  EXPECT_THAT(bindings(one_node), ElementsAre("4,5,12,13", "6,7,14,15"));
}

TEST(Binding, OfRanksWithoutAGpuIsToWhatIsLeft) {
  EXPECT_THAT(bindings(two_nodes(0, 2)), ElementsAre("0-3,8-11", "4-7,12-15"));
  EXPECT_THAT(bindings(two_nodes(0, 3)), ElementsAre("0,1,8,9", "2-4,10-12", "5-7,13-15"));
  // Two with a GPU take a fair share of their nodes; the two on the CPU divide the rest.
  EXPECT_THAT(bindings(two_nodes(2, 4)), ElementsAre("0,1,8,9", "4,5,12,13", "2,3,10,11", "6,7,14,15"));
}

TEST(Binding, IsDisjointWhereThereAreCores) {
  for (int gpus = 0; gpus <= 8; ++gpus)
    for (int ranks = 1; ranks <= 8; ++ranks) {
      SCOPED_TRACE(testing::Message() << gpus << " GPUs, " << ranks << " ranks");
      std::set<int> seen;
      for (auto const& rank : make_plan(two_nodes(gpus, ranks), {}).ranks) {
        EXPECT_FALSE(rank.cpus.empty());
        EXPECT_TRUE(rank.has_own_cores);
        for (int const cpu : rank.cpus) EXPECT_TRUE(seen.insert(cpu).second) << cpu;
      }
    }
}

TEST(Binding, IsSharedWhereCoresAreTooFewAndSaysSo) {
  auto const plan = make_plan(two_nodes(0, 9), {});
  for (auto const& rank : plan.ranks) EXPECT_EQ(to_string(rank.cpus), "0-15");
  EXPECT_EQ(describe_binding(plan.ranks[8]), "bound to CPUs 0-15, shared: fewer cores than ranks");
}

TEST(Binding, IsOfTheUsableCoresAlone) {
  auto facts = two_nodes(0, 2);
  facts.cpu.numa[0].usable = {{1, 9}, {2, 10}};
  facts.cpu.numa[1].usable = {};
  EXPECT_THAT(bindings(facts), ElementsAre("1,9", "2,10"));
}

TEST(Binding, IsNoneWhereCoresAreNotKnown) {
  auto facts = two_nodes(0, 2);
  for (auto& node : facts.cpu.numa) node.usable.clear();
  auto const plan = make_plan(facts, {});
  EXPECT_THAT(plan.ranks[0].cpus, IsEmpty());
  EXPECT_EQ(describe_binding(plan.ranks[0]), "");
}

TEST(Binding, IsTold) {
  auto const plan = make_plan(two_nodes(2, 2), {});
  auto const rank = std::find_if(plan.decisions.begin(), plan.decisions.end(), [](auto const& d) { return d.what == "rank 1"; });
  ASSERT_NE(rank, plan.decisions.end());
  EXPECT_EQ(rank->reason, "GPUs shared evenly, none twice, all on NUMA node 1, bound to CPUs 4-7,12-15");
  auto const alone = make_plan(two_nodes(0, 1), {});
  EXPECT_EQ(alone.decisions[2].reason, "all usable cores, bound to CPUs 0-15");
}

TEST(CpuSets, AreWrittenAsRanges) {
  EXPECT_EQ(to_string(CpuSet{}), "none");
  EXPECT_EQ(to_string(CpuSet{3}), "3");
  EXPECT_EQ(to_string(CpuSet{0, 1, 3, 4, 5, 9}), "0,1,3-5,9");
}

TEST(CpuSets, CoresAreReadAsWritten) {
  std::vector<CpuSet> const cores{{0, 64}, {1, 65}, {7}};
  EXPECT_EQ(cores_text(cores), "0,64 1,65 7");
  EXPECT_EQ(parse_cores("0,64 1,65 7"), cores);
  EXPECT_THAT(*parse_cores(""), IsEmpty());
  for (auto const* text : {" ", "0 ", "0,", "a", "-1", "0 0", "1,2 2", "99999999", "0  1", "0,1;2"})
    EXPECT_FALSE(parse_cores(text)) << text;
}

int bound_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : -1;
}

TEST(BindThread, ReachesCoresThatALauncherTookAway) {
  auto const all = widest_binding();
  if (all.size() < 2) GTEST_SKIP() << "one CPU cannot be narrowed, or the system forbids it";
  // In a thread of its own, whose binding ends with it.
  std::thread([&] {
    ASSERT_EQ(bind_thread({all[1]}), "");
    EXPECT_EQ(bound_threads(), 1);
    auto const whole = probe_cpu(Affinity::ignore);
    EXPECT_EQ(whole.usable_threads, static_cast<int>(all.size()));
    EXPECT_EQ(bound_threads(), 1);  // looking changed nothing
    ASSERT_EQ(bind_thread(all), "");
    EXPECT_EQ(bound_threads(), static_cast<int>(all.size()));
  }).join();
}

TEST(BindThread, SaysWhyNot) {
  EXPECT_EQ(bind_thread({}), "");
  EXPECT_THAT(bind_thread({60'000}), HasSubstr("Invalid argument"));
}

TEST(ProbeCpu, ListsTheUsableThreadsByNode) {
  auto const cpu = probe_cpu(Affinity::respect);
  std::set<int> listed;
  for (auto const& node : cpu.numa)
    for (auto const& core : node.usable) listed.insert(core.begin(), core.end());
  EXPECT_EQ(static_cast<int>(listed.size()), cpu.usable_threads);
}

}  // namespace
}  // namespace muster::topology
