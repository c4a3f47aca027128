// GPUs that an earlier start has lost: how they are told, and plans without them.
#include "topology/lost_gpus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "topology/gather.hpp"

namespace muster::topology {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string const first = "GPU-8f1b2c3d-0000-1111-2222-333344445555";
std::string const second = "GPU-8f1b2c3d-0000-1111-2222-333344446666";

/// Two cards, seen in this order.
Facts rank_with(std::string const& one, std::string const& other) {
  Facts facts;
  facts.host = "a";
  facts.cpu.cores = facts.cpu.threads = facts.cpu.usable_cores = facts.cpu.usable_threads = 8;
  facts.cpu.numa = {{0, 8, 0, {{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}}}};
  for (auto const& uuid : {one, other}) {
    Gpu gpu;
    gpu.ordinal = static_cast<int>(facts.gpus.size());
    gpu.name = "NVIDIA H200";
    gpu.uuid = uuid;
    gpu.memory_bytes = 143771ULL << 20;
    facts.gpus.push_back(gpu);
  }
  facts.links.assign(4, {LinkKind::nvlink, 18, Peer::yes});
  facts.launch.is_launched = true;
  return facts;
}

TEST(LostGpus, ALineTellsWhichOne) {
  EXPECT_EQ(lost_gpu_in("22:14:01 warning [rank 1 a] " + loss_of_gpu(first) + " (a sticky CUDA error); more\n"), first);
  EXPECT_EQ(lost_gpu_in(loss_of_gpu("MIG-GPU-8f1b2c3d-0000/1/0")), "MIG-GPU-8f1b2c3d-0000/1/0");
}

TEST(LostGpus, OtherLinesTellNothing) {
  for (auto const& line : {std::string("rank 1 is lost: it was killed by signal 9"), loss_of_gpu("a GPU of unknown UUID"), loss_of_gpu("GPU-"),
                           loss_of_gpu("GPU-8f,GPU-9a"), loss_of_gpu("GPU-$(reboot)"), loss_of_gpu("GPU-" + std::string(100, 'a')), loss_of_gpu("")})
    EXPECT_EQ(lost_gpu_in(line), std::nullopt) << line;
}

TEST(LostGpus, TheListIsReadAsItIsWritten) {
  EXPECT_THAT(lost_gpus_in(list_of({second, first})), ElementsAre(first, second));
  EXPECT_THAT(lost_gpus_in(",," + first + ",nonsense,"), ElementsAre(first));
  EXPECT_THAT(lost_gpus_in(""), IsEmpty());
}

TEST(LostGpus, APlanHasTheOthersAlone) {
  // The second rank numbers the cards the other way round.
  std::vector<std::optional<Facts>> ranks{rank_with(first, second), rank_with(second, first), std::nullopt};
  EXPECT_THAT(leave_out(ranks, {first, "GPU-of-another-machine"}), ElementsAre(first));
  EXPECT_EQ(ranks[0]->links.size(), 1U);
  auto const gathered = gather(ranks);
  auto const plan = make_plan(gathered.cluster, {});
  EXPECT_EQ(plan.gpus, 1);
  EXPECT_THAT(placement_of(plan, gathered, 0).gpus, ElementsAre(1));
  for (int const ordinal : placement_of(plan, gathered, 1).gpus) EXPECT_EQ(ordinal, 0);
}

TEST(LostGpus, WithoutAnyLeftThePlanSaysWhy) {
  std::vector<std::optional<Facts>> ranks{rank_with(first, second)};
  EXPECT_THAT(leave_out(ranks, {first, second}), ElementsAre(first, second));
  auto const plan = make_plan(gather(ranks).cluster, {});
  EXPECT_EQ(plan.mode, Mode::cpu);
  std::string reasons;
  for (auto const& decision : plan.decisions) reasons += decision.reason + "\n";
  EXPECT_THAT(reasons, testing::HasSubstr(list_of({first, second}) + " was lost by an earlier start of this run"));
}

}  // namespace
}  // namespace muster::topology
