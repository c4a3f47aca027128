// Ranks on made-up machines: one cluster of them, and every refusal.
#include "topology/gather.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "topology/cpu_sets.hpp"

namespace muster::topology {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Gpu card(int ordinal, std::string const& uuid, std::string const& name = "NVIDIA H200") {
  Gpu gpu;
  gpu.ordinal = gpu.index = ordinal;
  gpu.name = name;
  gpu.uuid = uuid;
  gpu.memory_bytes = (name == "Tesla T4" ? 15360ULL : 143771ULL) << 20;
  return gpu;
}

/// What a rank tells: a machine of 8 cores and these GPUs, all of which the driver lists.
Facts rank_on(std::string const& host, std::vector<Gpu> gpus) {
  Facts facts;
  facts.host = host;
  facts.cpu.cores = facts.cpu.threads = facts.cpu.usable_cores = facts.cpu.usable_threads = 8;
  facts.cpu.numa = {{0, 8, 0, {{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}}}};
  facts.links.assign(gpus.size() * gpus.size(), {LinkKind::nvlink, 18, Peer::yes});
  facts.grant.in_machine = static_cast<int>(gpus.size());
  facts.gpus = std::move(gpus);
  facts.launch.is_launched = true;
  return facts;
}

using Ranks = std::vector<std::optional<Facts>>;

/// Plans for the ranks with every check, as a run does.
std::vector<Placement> placed(Ranks const& ranks, Demand const& demand = {}) {
  check_grants(ranks, demand);
  auto const gathered = gather(ranks);
  auto const plan = make_plan(gathered.cluster, demand);
  check_doubles(plan, gathered, demand);
  std::vector<Placement> placements;
  for (std::size_t rank = 0; rank < ranks.size(); ++rank)
    if (ranks[rank]) placements.push_back(placement_of(plan, gathered, static_cast<int>(rank)));
  return placements;
}

std::vector<std::vector<int>> gpus_of(Ranks const& ranks, Demand const& demand = {}) {
  std::vector<std::vector<int>> gpus;
  for (auto const& placement : placed(ranks, demand)) gpus.push_back(placement.gpus);
  return gpus;
}

std::string refusal(Ranks const& ranks, Exit code, Demand const& demand = {}) {
  try {
    placed(ranks, demand);
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), code);
    return error.what();
  }
  ADD_FAILURE() << "the ranks were accepted";
  return "";
}

TEST(Gather, CountsMachinesByHostAndNotByRank) {
  auto const machine = [](std::string const& host) { return rank_on(host, {card(0, host + "-0"), card(1, host + "-1")}); };
  Ranks const ranks{machine("a"), machine("a"), machine("b"), machine("b")};
  auto const gathered = gather(ranks);
  ASSERT_EQ(gathered.cluster.nodes.size(), 2U);
  EXPECT_EQ(gathered.cluster.nodes[1].machine.host, "b");
  EXPECT_EQ(gathered.cluster.nodes[1].machine.launch.local_ranks, 2);
  EXPECT_EQ(gathered.cluster.nodes[1].machine.launch.ranks, 4);
  EXPECT_EQ(make_plan(gathered.cluster, {}).gpus, 4);
  EXPECT_THAT(gpus_of(ranks), ElementsAre(ElementsAre(0), ElementsAre(1), ElementsAre(0), ElementsAre(1)));
  auto const places = placed(ranks);
  EXPECT_EQ(to_string(places[2].cpus), "0-3");
  EXPECT_EQ(to_string(places[3].cpus), "4-7");
}

TEST(Gather, RanksMayComeInAnyOrderOfHosts) {
  Ranks const ranks{rank_on("a", {card(0, "a0")}), rank_on("b", {}), rank_on("a", {card(0, "a0")}), rank_on("b", {})};
  auto const places = placed(ranks);
  EXPECT_THAT(places[0].gpus, ElementsAre(0));
  EXPECT_THAT(places[2].gpus, IsEmpty());
  EXPECT_EQ(to_string(places[1].cpus), "0-3");
  EXPECT_EQ(to_string(places[3].cpus), "4-7");
}

TEST(Gather, TheTierIsThatOfTheLeastCardOfAllHosts) {
  auto small = card(0, "b0");
  small.name = "NVIDIA GeForce RTX 3050 Laptop GPU";
  small.memory_bytes = 4096ULL << 20;
  auto const cluster = gather({rank_on("a", {card(0, "a0")}), rank_on("b", {small})}).cluster;
  EXPECT_EQ(make_plan(cluster, {}).tier, Tier::low);
}

TEST(Gather, ASilentRankHasNoSeat) {
  Ranks const ranks{rank_on("a", {}), std::nullopt, rank_on("a", {})};
  auto const gathered = gather(ranks);
  EXPECT_EQ(gathered.seats[1].node, -1);
  EXPECT_EQ(gathered.cluster.nodes[0].machine.launch.local_ranks, 2);
  EXPECT_EQ(placed(ranks).size(), 2U);
}

TEST(Gather, RanksThatSeeOneGpuEachDriveThatOne) {
  // As srun --gpus-per-task binds them: each calls its card 0.
  auto const second = [] {
    auto facts = rank_on("a", {card(0, "second")});
    facts.gpus[0].index = 1;
    return facts;
  }();
  Ranks const ranks{rank_on("a", {card(0, "first")}), second};
  EXPECT_THAT(gpus_of(ranks), ElementsAre(ElementsAre(0), ElementsAre(0)));
  EXPECT_EQ(make_plan(gather(ranks).cluster, {}).gpus, 2);
}

TEST(Gather, EachRankIsToldItsOwnOrdinals) {
  // The second rank's CUDA_VISIBLE_DEVICES turns the cards round.
  Ranks const ranks{rank_on("a", {card(0, "x"), card(1, "y")}), rank_on("a", {card(0, "y"), card(1, "x")})};
  EXPECT_THAT(gpus_of(ranks), ElementsAre(ElementsAre(0), ElementsAre(0)));  // x, and y by its own number
}

TEST(Gather, CoresAreThoseOfAllRanksOfAMachine) {
  auto first = rank_on("a", {}), second = first;
  first.cpu.numa[0].usable = {{0}, {1}};
  second.cpu.numa[0].usable = {{2}, {3}};
  first.cpu.usable_cores = second.cpu.usable_cores = 2;
  auto const cluster = gather({first, second}).cluster;
  EXPECT_EQ(cluster.nodes[0].machine.cpu.usable_cores, 4);
  EXPECT_EQ(make_plan(cluster, {}).ranks[0].threads, 2);
}

TEST(Doubles, TwoRanksOnOneGpuAreRefused) {
  Ranks const two_hosts{rank_on("a", {card(0, "GPU-1")}), rank_on("b", {card(0, "GPU-1")})};
  EXPECT_EQ(refusal(two_hosts, Exit::user),
            "rank 0 on a and rank 1 on b would compute on one GPU, GPU-1 (they would share its memory and take turns); give each "
            "rank GPUs of its own or all ranks of a machine the same CUDA_VISIBLE_DEVICES, start fewer ranks, or allow it with "
            "--share-gpus");
  Ranks const overlap{rank_on("a", {card(0, "GPU-1"), card(1, "GPU-2")}), rank_on("a", {card(0, "GPU-2"), card(1, "GPU-3")})};
  EXPECT_THAT(refusal(overlap, Exit::user), HasSubstr("rank 0 on a and rank 1 on a would compute on one GPU, GPU-2"));
  Demand sharing;
  sharing.sharing = GpuSharing::allowed;
  EXPECT_THAT(gpus_of(two_hosts, sharing), ElementsAre(ElementsAre(0), ElementsAre(0)));
}

TEST(Doubles, RanksBeyondTheGpusShareThemWhereAskedTo) {
  Ranks const ranks{rank_on("a", {card(0, "GPU-1")}), rank_on("a", {card(0, "GPU-1")}), rank_on("a", {card(0, "GPU-1")})};
  EXPECT_THAT(gpus_of(ranks), ElementsAre(ElementsAre(0), IsEmpty(), IsEmpty()));
  Demand sharing;
  sharing.sharing = GpuSharing::allowed;
  EXPECT_THAT(gpus_of(ranks, sharing), ElementsAre(ElementsAre(0), ElementsAre(0), ElementsAre(0)));
}

TEST(Budgets, AreThoseOfTheCardsThatRanksDrive) {
  // Each rank sees one card, which is its number 0.
  auto t4 = card(0, "GPU-2", "Tesla T4");
  t4.multiprocessors = 40;
  auto h200 = card(0, "GPU-1");
  h200.multiprocessors = 132;
  auto const ranks = placed({rank_on("a", {h200}), rank_on("a", {t4})});
  EXPECT_THAT(ranks[1].gpus, ElementsAre(0));
  EXPECT_THAT(ranks[0].device_bytes, ElementsAre(device_budget(h200, 0).bytes));
  EXPECT_THAT(ranks[1].device_bytes, ElementsAre(device_budget(t4, 0).bytes));
  EXPECT_THAT(ranks[0].driver_bytes, ElementsAre(context_bytes(h200)));
  EXPECT_THAT(ranks[1].driver_bytes, ElementsAre(context_bytes(t4)));
}

TEST(Budgets, GoByWhatIsFreeOnEachMachine) {
  auto crowded = card(0, "GPU-2");
  crowded.free_bytes = std::uint64_t{2} << 30;
  Demand demand;
  demand.device_memory_bytes = std::uint64_t{40} << 30;
  auto const ranks = placed({rank_on("a", {card(0, "GPU-1")}), rank_on("b", {crowded})}, demand);
  EXPECT_THAT(ranks[0].device_bytes, ElementsAre(demand.device_memory_bytes));
  EXPECT_THAT(ranks[1].device_bytes, ElementsAre(std::uint64_t{3} << 29));
}

Facts granted(std::vector<Gpu> gpus, std::optional<std::string> visible, std::string const& slurm = "", int in_machine = 4) {
  auto facts = rank_on("node7", std::move(gpus));
  facts.grant = {std::move(visible), slurm, slurm.empty() ? "" : "SLURM_JOB_GPUS", in_machine};
  return facts;
}

TEST(Grants, AVisibleListThatNamesWhatIsNotThereIsRefused) {
  EXPECT_EQ(refusal({granted({card(0, "GPU-1")}, "0,7")}, Exit::environment),
            "rank 0 on node7: CUDA_VISIBLE_DEVICES=0,7 names 2 GPUs and CUDA sees 1 (one that is not there ends the list); name "
            "GPUs that nvidia-smi -L shows, or leave the variable out");
  EXPECT_THAT(refusal({granted({}, "GPU-nowhere")}, Exit::environment), HasSubstr("names 1 GPUs and CUDA sees 0"));
  EXPECT_THAT(refusal({granted({}, "MIG-nowhere")}, Exit::environment), HasSubstr("names 1 GPUs and CUDA sees 0"));
  EXPECT_THAT(refusal({granted({}, "1,1")}, Exit::environment), HasSubstr("CUDA_VISIBLE_DEVICES=1,1 names 1 twice"));
}

TEST(Grants, AVisibleListThatHoldsIsAccepted) {
  for (auto const* list : {"", "-1", "NoDevFiles", "-1,0"}) EXPECT_EQ(placed({granted({}, list)}).size(), 1U) << list;
  EXPECT_EQ(placed({granted({card(0, "GPU-1"), card(1, "GPU-2")}, "GPU-1, GPU-2")}).size(), 1U);
  auto slice = card(0, "MIG-1");
  slice.mig = Mig::slice;
  EXPECT_EQ(placed({granted({slice}, "MIG-1,MIG-2,MIG-3")}).size(), 1U);  // a process opens one of them
}

TEST(Grants, OtherGpusThanSlurmGaveAreRefused) {
  EXPECT_EQ(refusal({granted({card(0, "a"), card(1, "b"), card(2, "c")}, "0,1,2", "0-1")}, Exit::environment),
            "rank 0 on node7 sees 3 GPUs and Slurm gave 2 (SLURM_JOB_GPUS=0-1; the others may be another job's); leave "
            "CUDA_VISIBLE_DEVICES as Slurm sets it");
  EXPECT_EQ(refusal({granted({card(3, "GPU-d")}, "0", "1")}, Exit::environment),
            "rank 0 on node7 sees GPU 3 (GPU-d) and Slurm gave SLURM_JOB_GPUS=1 (it may be another job's; CUDA numbers GPUs by "
            "speed unless told otherwise); set CUDA_DEVICE_ORDER=PCI_BUS_ID and leave CUDA_VISIBLE_DEVICES as Slurm sets it");
  EXPECT_EQ(refusal({granted({card(0, "a")}, std::nullopt, "0,1")}, Exit::environment),
            "rank 0 on node7 sees 1 GPUs and Slurm gave 2 (SLURM_JOB_GPUS=0,1; the rest does not answer); look at nvidia-smi "
            "there, leave that machine out, or compute without GPUs by --device cpu");
}

TEST(Grants, WhatSlurmGaveIsAccepted) {
  EXPECT_EQ(placed({granted({card(1, "b")}, "0", "1")}).size(), 1U);
  EXPECT_EQ(placed({granted({card(0, "c")}, "0", "2", 1)}).size(), 1U);  // a control group hides the others
  EXPECT_EQ(placed({granted({card(1, "b")}, "0", "1,2")}).size(), 1U);   // a task's share
  EXPECT_EQ(placed({granted({}, std::nullopt, "0,1", 0)}).size(), 1U);   // no driver: none of NVIDIA's
  EXPECT_EQ(placed({granted({card(0, "a")}, std::nullopt, "gpu:a")}).size(), 1U);  // no list of numbers
}

TEST(Grants, AreNotLookedAtWhereNoGpuIsUsed) {
  auto unused = granted({card(0, "a")}, "0,7");
  unused.gpus_unused = "this build has no CUDA";
  EXPECT_EQ(placed({unused}).size(), 1U);
  Demand cpu;
  cpu.device = DeviceChoice::cpu;
  EXPECT_EQ(placed({granted({}, "0,7")}, cpu).size(), 1U);
}

Demand one_kind() {
  Demand demand;
  demand.mixing = Mixing::one_kind;
  return demand;
}

TEST(OneKind, KeepsTheCardsThatTogetherAreFastest) {
  Ranks const ranks{rank_on("a", {card(0, "h")}), rank_on("b", {card(0, "t1", "Tesla T4")}), rank_on("c", {})};
  auto const places = placed(ranks, one_kind());
  EXPECT_THAT(places[0].gpus, ElementsAre(0));
  for (int const rank : {1, 2}) {
    EXPECT_TRUE(places[static_cast<std::size_t>(rank)].is_idle);
    EXPECT_EQ(places[static_cast<std::size_t>(rank)].threads, 0);
  }
  auto const plan = make_plan(gather(ranks).cluster, one_kind());
  EXPECT_EQ(plan.tier, Tier::high);
  EXPECT_EQ(plan.mode, Mode::standalone);
  EXPECT_THAT(plan.decisions[2].reason, HasSubstr("1 of 2 GPUs used, those named NVIDIA H200: this kind of job has the same bits"));
}

TEST(OneKind, LeavesMixedCardsOfOneMachineOut) {
  Ranks const ranks{rank_on("a", {card(0, "t1", "Tesla T4"), card(1, "h"), card(2, "t2", "Tesla T4")}), rank_on("a", {card(0, "t1", "Tesla T4"), card(1, "h"), card(2, "t2", "Tesla T4")})};
  auto const places = placed(ranks, one_kind());
  EXPECT_THAT(places[0].gpus, ElementsAre(1));
  EXPECT_TRUE(places[1].is_idle);
}

TEST(OneKind, OnCpusAloneNoRankIsIdle) {
  for (auto const& place : placed({rank_on("a", {}), rank_on("b", {})}, one_kind())) EXPECT_FALSE(place.is_idle);
}

TEST(OneKind, StopsWhereTheModeAskedForNeedsBoth) {
  auto demand = one_kind();
  demand.mode = Mode::data_parallel;
  EXPECT_EQ(refusal({rank_on("a", {card(0, "h"), card(1, "t", "Tesla T4")})}, Exit::user, demand),
            "--mode data with 1 GPU: 1 of 2 GPUs used, those named NVIDIA H200: this kind of job has the same bits on one kind of "
            "device only (it needs 2 or more); leave --mode out");
}

}  // namespace
}  // namespace muster::topology
