#include "topology/machine_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "core/error.hpp"
#include "topology/links.hpp"
#include "topology/plan.hpp"

namespace muster::topology {
namespace {

using testing::HasSubstr;

std::string refused_words(std::string const& text) {
  try {
    machines_in_words(text);
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::user);
    return error.what();
  }
  ADD_FAILURE() << "it was accepted";
  return "";
}

TEST(MachinesInWords, AreOneBoxOrMany) {
  auto const box = machines_in_words("8x A100-80GB");
  ASSERT_EQ(box.nodes.size(), 1U);
  EXPECT_EQ(box.nodes[0].count, 1);
  EXPECT_EQ(box.nodes[0].machine.gpus.size(), 8U);
  EXPECT_EQ(box.nodes[0].machine.gpus[7].name, "NVIDIA A100-SXM4-80GB");
  EXPECT_EQ(to_string(link_between(box.nodes[0].machine, 0, 7)), "NV12");
  EXPECT_EQ(box.assumed, "NVIDIA A100-SXM4-80GB with 12 NVLinks; 8 cores for each GPU");

  auto const mixed = machines_in_words("4x RTX 3090, 2x T4");
  EXPECT_EQ(mixed.nodes[0].machine.gpus.size(), 6U);
  EXPECT_EQ(mixed.nodes[0].machine.gpus[4].name, "Tesla T4");
  EXPECT_EQ(mixed.nodes[0].machine.gpus[4].ordinal, 4);

  auto const cluster = machines_in_words("16 nodes x 8x H100");
  EXPECT_EQ(cluster.nodes[0].count, 16);
  EXPECT_EQ(cluster.nodes[0].machine.gpus.size(), 8U);

  auto const two = machines_in_words("2 nodes x 8x H100, 32 cores, 4 nodes x T4");
  ASSERT_EQ(two.nodes.size(), 2U);
  EXPECT_EQ(two.nodes[0].machine.cpu.cores, 32);
  EXPECT_EQ(two.nodes[1].machine.gpus.size(), 1U);
  EXPECT_EQ(two.nodes[1].machine.cpu.cores, 8);
}

TEST(MachinesInWords, TakeManySpellings) {
  for (auto const* text : {"2x RTX 3090", "2 x RTX 3090", "2xRTX 3090", "2*rtx-3090", "2X 3090", " 2x NVIDIA GeForce RTX 3090 "})
    EXPECT_EQ(machines_in_words(text).nodes[0].machine.gpus.size(), 2U) << text;
  EXPECT_EQ(machines_in_words("RTX 3090").nodes[0].machine.gpus.size(), 1U);
  EXPECT_EQ(machines_in_words("1 node x T4").nodes[0].count, 1);
  EXPECT_EQ(machines_in_words("3 machines x cpu").nodes[0].count, 3);
}

TEST(MachinesInWords, NeedNoGpu) {
  auto const cores = machines_in_words("64 cores");
  EXPECT_EQ(make_plan(cores, {}).ranks.front().threads, 64);
  EXPECT_EQ(make_plan(cores, {}).mode, Mode::cpu);
  EXPECT_EQ(make_plan(cores, {}).decisions.front().reason, "no GPU named in --on");
  EXPECT_EQ(make_plan(machines_in_words("cpu"), {}).mode, Mode::cpu);
}

TEST(MachinesInWords, NameTheNearestCard) {
  EXPECT_THAT(refused_words("8x A1000-80GB"), HasSubstr("no such GPU is known"));
  EXPECT_THAT(refused_words("RTX 3091"), HasSubstr("use \"RTX 3090\""));
  EXPECT_THAT(refused_words("4x H1000"), HasSubstr("\"H1000\""));
  EXPECT_THAT(refused_words("2x RTX 4O90"), HasSubstr("use \"RTX 4090\""));
  EXPECT_THAT(refused_words("banana split"), HasSubstr("or a machine file"));
}

TEST(MachinesInWords, RefuseCountsThatCannotBe) {
  EXPECT_THAT(refused_words("0x T4"), HasSubstr("0 GPUs in a machine (must be 1 to 256; write several machines as"));
  EXPECT_THAT(refused_words("10000x T4"), HasSubstr("10 000 GPUs in a machine"));
  EXPECT_THAT(refused_words("200x T4, 200x T4"), HasSubstr("400 GPUs in a machine"));
  EXPECT_THAT(refused_words("99999999999999999999x T4"), HasSubstr("GPUs in a machine"));
  EXPECT_THAT(refused_words("0 nodes x T4"), HasSubstr("0 nodes (must be 1 to 100 000)"));
  EXPECT_THAT(refused_words("16 nodes"), HasSubstr("says nothing of what is in a node"));
  EXPECT_THAT(refused_words("16 nodes x"), HasSubstr("says nothing of what is in a node"));
  EXPECT_THAT(refused_words("90000 nodes x T4, 90000 nodes x T4"), HasSubstr("180000 machines"));
  EXPECT_THAT(refused_words("0 cores"), HasSubstr("0 cores"));
  EXPECT_THAT(refused_words("-4x T4"), HasSubstr("no such GPU"));
  EXPECT_THAT(refused_words(""), HasSubstr("--on is empty"));
  EXPECT_THAT(refused_words("T4,,T4"), HasSubstr("without a card"));
  EXPECT_THAT(refused_words("8x"), HasSubstr("without a card"));
  EXPECT_THAT(refused_words(std::string(5000, 'x')), HasSubstr("5000 bytes of text"));
}

TEST(MachinesInWords, PlanAsTheInventorySays) {
  struct Row { char const* text; Mode mode; Tier tier; };
  Demand demand;
  demand.has_model_parallel_form = true;
  for (auto const& [text, mode, tier] : {Row{"RTX 3050", Mode::standalone, Tier::low},
                                         Row{"RTX 3060", Mode::standalone, Tier::mid},
                                         Row{"RTX 3070", Mode::standalone, Tier::mid},
                                         Row{"RTX 3080", Mode::standalone, Tier::mid},
                                         Row{"2x RTX 3090", Mode::data_parallel, Tier::high},
                                         Row{"7x RTX 4090", Mode::data_parallel, Tier::high},
                                         Row{"8x RTX 4090", Mode::data_parallel, Tier::high},
                                         Row{"8x A100-80GB", Mode::model_data_parallel, Tier::high},
                                         Row{"8x V100", Mode::model_data_parallel, Tier::high},
                                         Row{"4x RTX 3090, 2x T4", Mode::data_parallel, Tier::high},
                                         Row{"T4, RTX 3050", Mode::data_parallel, Tier::low},
                                         Row{"16 nodes x 8x H100", Mode::model_data_parallel, Tier::high}}) {
    auto const plan = make_plan(machines_in_words(text), demand);
    EXPECT_EQ(to_string(plan.mode), to_string(mode)) << text;
    EXPECT_EQ(plan.tier, tier) << text;
  }
}

TEST(MachinesInWords, ArePlannedQuickly) {
  auto const start = std::chrono::steady_clock::now();
  auto const plan = make_plan(machines_in_words("1250 nodes x 8x H100"), {});
  auto const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_EQ(plan.gpus, 10'000);
  EXPECT_LT(seconds, 0.1);
}

}  // namespace
}  // namespace muster::topology
