#include "topology/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"

namespace muster::topology {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Facts machine(int gpus, int cores = 8) {
  Facts facts;
  facts.cpu.usable_cores = cores;
  facts.gpu_note = gpus == 0 ? "no NVIDIA driver" : "";
  for (int i = 0; i < gpus; ++i) {
    Gpu gpu;
    gpu.ordinal = i;
    gpu.name = "NVIDIA H200";
    gpu.memory_bytes = 143771ULL << 20;
    facts.gpus.push_back(gpu);
  }
  facts.links.assign(facts.gpus.size() * facts.gpus.size(), {LinkKind::nvlink, 18, Peer::yes});
  return facts;
}

Facts launched(Facts facts, int local_rank, int local_ranks) {
  facts.launch = {true, local_rank, local_ranks, local_rank, local_ranks};
  return facts;
}

/// The message of the error that planning ends with.
std::string refusal(Facts const& facts, Demand const& demand, Exit code) {
  try {
    make_plan(facts, demand);
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), code);
    return error.what();
  }
  ADD_FAILURE() << "the plan was accepted";
  return "";
}

TEST(Mode, FollowsTheNumberOfGpus) {
  Demand demand;
  EXPECT_EQ(make_plan(machine(0), demand).mode, Mode::cpu);
  EXPECT_EQ(make_plan(machine(1), demand).mode, Mode::standalone);
  for (int const gpus : {2, 4, 7}) EXPECT_EQ(make_plan(machine(gpus), demand).mode, Mode::data_parallel);
  EXPECT_EQ(make_plan(machine(8), demand).mode, Mode::data_parallel);
  demand.has_model_parallel_form = true;
  EXPECT_EQ(make_plan(machine(7), demand).mode, Mode::data_parallel);
  EXPECT_EQ(make_plan(machine(8), demand).mode, Mode::model_data_parallel);
}

TEST(Mode, FollowsWhetherOneGpuHoldsTheNetwork) {
  Demand demand;
  demand.has_model_parallel_form = true;
  demand.network = NetworkSize::fits_one_gpu;
  auto const whole = make_plan(machine(8), demand);
  EXPECT_EQ(whole.mode, Mode::data_parallel);
  EXPECT_EQ(whole.group_size, 1);
  EXPECT_THAT(whole.decisions.front().reason, HasSubstr("room for the whole network"));
  demand.network = NetworkSize::needs_several;
  for (int const gpus : {2, 8}) EXPECT_EQ(make_plan(machine(gpus), demand).mode, Mode::model_data_parallel) << gpus;
  EXPECT_EQ(make_plan(machine(1), demand).mode, Mode::standalone);
}

TEST(Mode, SaysWhy) {
  auto const cpu = make_plan(machine(0), {});
  EXPECT_EQ(cpu.decisions.front().what, "mode");
  EXPECT_EQ(cpu.decisions.front().reason, "no NVIDIA driver");
  EXPECT_THAT(make_plan(machine(8), {}).decisions.front().reason, HasSubstr("no model-parallel form"));
  EXPECT_THAT(make_plan(machine(1), {}).decisions.front().reason, HasSubstr("1 GPU"));
}

TEST(Device, CpuIsObeyedWhereThereAreGpus) {
  Demand demand;
  demand.device = DeviceChoice::cpu;
  auto const plan = make_plan(machine(2), demand);
  EXPECT_EQ(plan.mode, Mode::cpu);
  EXPECT_THAT(plan.ranks.front().gpus, testing::IsEmpty());
  EXPECT_EQ(plan.decisions.front().reason, "asked for with --device cpu");
}

TEST(Device, GpuIsRefusedWhereThereIsNone) {
  Demand demand;
  demand.device = DeviceChoice::gpu;
  EXPECT_THAT(refusal(machine(0), demand, Exit::environment), HasSubstr("no NVIDIA driver"));
  demand.has_cuda_kernels = false;
  EXPECT_THAT(refusal(machine(1), demand, Exit::environment), HasSubstr("no GPU form"));
}

TEST(Placement, OneProcessDrivesAllGpus) {
  auto const plan = make_plan(machine(4), {});
  ASSERT_EQ(plan.ranks.size(), 1U);
  EXPECT_THAT(plan.ranks.front().gpus, ElementsAre(0, 1, 2, 3));
}

TEST(Placement, RanksShareGpusEvenlyAndNoneTwice) {
  auto const plan = make_plan(launched(machine(4), 0, 2), {});
  ASSERT_EQ(plan.ranks.size(), 2U);
  EXPECT_THAT(plan.ranks[0].gpus, ElementsAre(0, 1));
  EXPECT_THAT(plan.ranks[1].gpus, ElementsAre(2, 3));
  auto const uneven = make_plan(launched(machine(5), 0, 3), {});
  std::size_t total = 0;
  std::vector<int> seen;
  for (auto const& rank : uneven.ranks) {
    EXPECT_GE(rank.gpus.size(), 1U);
    EXPECT_LE(rank.gpus.size(), 2U);
    total += rank.gpus.size();
    seen.insert(seen.end(), rank.gpus.begin(), rank.gpus.end());
  }
  EXPECT_EQ(total, 5U);
  EXPECT_THAT(seen, testing::UnorderedElementsAre(0, 1, 2, 3, 4));
}

TEST(Placement, RanksBeyondTheGpusComputeOnTheCpu) {
  auto const plan = make_plan(launched(machine(2), 0, 4), {});
  ASSERT_EQ(plan.ranks.size(), 4U);
  EXPECT_THAT(plan.ranks[0].gpus, ElementsAre(0));
  EXPECT_THAT(plan.ranks[1].gpus, ElementsAre(1));
  EXPECT_THAT(plan.ranks[3].gpus, testing::IsEmpty());
  EXPECT_EQ(plan.ranks[3].threads, 2);
}

TEST(Threads, AreTheUsableCoresUnderTheQuota) {
  Cpu cpu;
  cpu.usable_cores = 16;
  EXPECT_EQ(threads_per_rank(cpu, 1), 16);
  EXPECT_EQ(threads_per_rank(cpu, 3), 5);
  EXPECT_EQ(threads_per_rank(cpu, 100), 1);
  cpu.quota_cpus = 4.9;
  EXPECT_EQ(threads_per_rank(cpu, 1), 4);
  EXPECT_EQ(threads_per_rank(cpu, 2), 2);
  cpu.quota_cpus = 0.5;
  EXPECT_EQ(threads_per_rank(cpu, 1), 1);
  cpu.quota_cpus = 64;
  EXPECT_EQ(threads_per_rank(cpu, 1), 16);
}

TEST(Threads, AreNoMoreThanSlurmGranted) {
  auto facts = machine(0, 16);
  facts.cpu.granted_cpus = 6;
  auto const plan = make_plan(launched(facts, 0, 2), {});
  EXPECT_EQ(plan.ranks.front().threads, 3);
  EXPECT_EQ(plan.decisions.back().reason, "16 usable physical cores, 6 CPUs granted by Slurm, shared by 2 ranks");
  facts.cpu.granted_cpus = 100;
  EXPECT_EQ(make_plan(facts, {}).ranks.front().threads, 16);
}

TEST(Threads, AskedForWin) {
  Demand demand;
  demand.threads = 3;
  auto const plan = make_plan(machine(0), demand);
  EXPECT_EQ(plan.ranks.front().threads, 3);
  EXPECT_THAT(plan.decisions.back().reason, HasSubstr("--threads"));
}

TEST(Threads, AreSharedByInProcessRanks) {
  Demand demand;
  demand.in_process_ranks = 4;
  auto const plan = make_plan(machine(0), demand);
  ASSERT_EQ(plan.ranks.size(), 4U);
  EXPECT_EQ(plan.ranks.back().threads, 2);
  EXPECT_THAT(plan.decisions.back().reason, HasSubstr("shared by 4 ranks"));
}

TEST(Tier, IsTheLeastCards) {
  auto facts = machine(2);
  EXPECT_EQ(make_plan(facts, {}).tier, Tier::high);
  facts.gpus[1].memory_bytes = 8192ULL << 20;
  EXPECT_EQ(make_plan(facts, {}).tier, Tier::mid);
  EXPECT_EQ(make_plan(machine(0), {}).tier, Tier::mid);
}

TEST(Wishes, ThatCannotBeAreRefused) {
  Demand demand;
  demand.threads = -1;
  EXPECT_THAT(refusal(machine(0), demand, Exit::user), HasSubstr("--threads -1 (must be 0 to 4096)"));
  demand = {};
  demand.in_process_ranks = 0;
  EXPECT_THAT(refusal(machine(0), demand, Exit::user), HasSubstr("--ranks 0"));
  demand.in_process_ranks = 2;
  EXPECT_THAT(refusal(launched(machine(0), 0, 2), demand, Exit::user), HasSubstr("under a launcher"));
}

TEST(Plan, IsTheSameWhenMadeTwice) {
  auto facts = machine(3);
  auto const before = make_plan(facts, {});
  facts.gpus[0].free_bytes = 1;  // load and free memory are no part of any decision but how much memory to take
  auto const after = make_plan(facts, {});
  ASSERT_EQ(before.decisions.size(), after.decisions.size());
  for (std::size_t i = 0; i < before.decisions.size(); ++i) {
    EXPECT_EQ(before.decisions[i].what, after.decisions[i].what);
    if (before.decisions[i].what == "GPU memory") continue;
    EXPECT_EQ(before.decisions[i].value, after.decisions[i].value);
    EXPECT_EQ(before.decisions[i].reason, after.decisions[i].reason);
  }
}

TEST(Plan, TakesNoMemoryThatOthersHold) {
  auto facts = machine(2);
  facts.gpus[1].free_bytes = std::uint64_t{8} << 30;
  auto const plan = make_plan(facts, {});
  ASSERT_EQ(plan.ranks.front().device_bytes.size(), 2U);
  EXPECT_EQ(plan.ranks.front().device_bytes[1], (std::uint64_t{15} << 29));
  EXPECT_GT(plan.ranks.front().device_bytes[0], std::uint64_t{130} << 30);
  Demand demand;
  demand.device_memory_bytes = 4'000'000'000;
  EXPECT_THAT(make_plan(facts, demand).ranks.front().device_bytes, ElementsAre(4'000'000'000U, 4'000'000'000U));
}

std::string reason_of(Plan const& plan, std::string const& what) {
  for (auto const& decision : plan.decisions)
    if (decision.what == what) return decision.reason;
  return "not told";
}

TEST(Plan, RanksThatShareACardShareItsMemory) {
  auto facts = machine(2);
  Demand demand;
  auto const alone = make_plan(facts, demand).ranks.front();
  demand.sharing = GpuSharing::allowed;
  auto const plan = make_plan(launched(facts, 0, 3), demand);
  EXPECT_THAT(plan.ranks[2].gpus, ElementsAre(0));
  EXPECT_THAT(plan.ranks[0].device_bytes, ElementsAre(alone.device_bytes[0] / 2));
  EXPECT_THAT(plan.ranks[1].device_bytes, ElementsAre(alone.device_bytes[1]));
  EXPECT_THAT(plan.ranks[2].device_bytes, ElementsAre(alone.device_bytes[0] / 2));
  EXPECT_EQ(plan.ranks[2].driver_bytes, plan.ranks[0].driver_bytes) << "each has a context of its own";
  EXPECT_EQ(reason_of(plan, "GPU memory"), "95 % of 141 GB, shared by 2 ranks");
}

}  // namespace
}  // namespace muster::topology
