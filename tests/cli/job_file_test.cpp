// "auto" settings follow the tier of the plan, and say so.
#include "cli/job_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/io/scratch.hpp"
#include "tests/orchestrator/mock_job.hpp"

namespace muster::cli {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view job = R"(kind = "price"
[[market.asset]]
name = "A"
spot = 100.0
volatility = 0.2
[[instrument]]
right = "call"
strike = 100.0
expiry_years = 1.0
[simulation]
paths = "auto"
)";

topology::Plan plan_of(std::vector<int> const& gpus_gb) {
  topology::Facts facts;
  for (int const gb : gpus_gb) {
    topology::Gpu gpu;
    gpu.name = "NVIDIA unheard of";
    gpu.ordinal = static_cast<int>(facts.gpus.size());
    gpu.memory_bytes = static_cast<std::uint64_t>(gb) << 30;
    facts.gpus.push_back(gpu);
  }
  return topology::make_plan(facts, {});
}

class Tiers : public ::testing::Test {
 protected:
  io::Scratch scratch;
  LoadedJob load(topology::Plan const& plan) {
    io::spill(scratch / "job.toml", std::string(job));
    return load_job({scratch / "job.toml", {}}, plan);
  }
  static std::string setting(LoadedJob const& loaded, std::string_view key) {
    for (auto const& one : loaded.settings)
      if (one.key == key) return one.value + ": " + one.reason;
    return "not listed";
  }
};

TEST_F(Tiers, DecideAutoSettings) {
  auto const cpu = load(plan_of({}));
  EXPECT_EQ(setting(cpu, "simulation.paths"), "1048576: auto: mid tier (the CPU's)");
  EXPECT_EQ(setting(cpu, "method"), "\"both\": auto: mid tier (the CPU's)");
  auto const entry = load(plan_of({4}));
  EXPECT_THAT(setting(entry, "simulation.paths"), HasSubstr("262144: auto: low tier ("));
  EXPECT_THAT(setting(entry, "method"), HasSubstr("\"closed_form\": auto: low tier ("));
  auto const large = load(plan_of({80, 80}));
  EXPECT_THAT(setting(large, "simulation.paths"), HasSubstr("4194304: auto: high tier ("));
  EXPECT_THAT(setting(large, "simulation.precision"), HasSubstr("\"double\": auto: high tier ("));
  EXPECT_EQ(load(plan_of({80, 4})).hash, entry.hash) << "the least card decides";
  EXPECT_NE(large.hash, cpu.hash);
}

TEST_F(Tiers, AreStoredInTheResolvedJob) {
  auto const large = load(plan_of({80}));
  EXPECT_THAT(large.resolved.text, HasSubstr("paths = 4194304\n"));
  EXPECT_EQ(load_resolved("price", large.resolved.text, {}).hash, large.hash);
}

TEST_F(Tiers, AreToldInOneLine) {
  EXPECT_THAT(describe_auto(load(plan_of({})).settings, "# "),
              HasSubstr("# auto: mid tier (the CPU's): method = \"both\", outputs = [\"price\", "));
}

class Modes : public Tiers {
 protected:
  /// Loads the job with these overrides on a machine of two GPUs; what was demanded last is kept.
  LoadedJob load_planned(std::vector<std::string> overrides, std::optional<topology::Mode> asked = std::nullopt) {
    io::spill(scratch / "job.toml", std::string(job));
    MachineArguments machine;
    machine.mode = asked;
    return load_planned_job({scratch / "job.toml", std::move(overrides)}, machine, [this](topology::Demand const& demand) {
      demanded = demand;
      topology::Facts facts;
      for (int i = 0; i < 2; ++i) {
        auto& gpu = facts.gpus.emplace_back();
        gpu.ordinal = i;
        gpu.name = "NVIDIA H200";
        gpu.memory_bytes = 143771ULL << 20;
      }
      return plan = topology::make_plan(facts, demand);
    });
  }
  topology::Demand demanded;
  topology::Plan plan;
};

TEST_F(Modes, OfTheJobFileAreObeyed) {
  load_planned({"mode=\"standalone\""});
  EXPECT_EQ(plan.mode, topology::Mode::standalone);
  EXPECT_EQ(plan.decisions.front().reason, "asked for in the job file: mode = \"standalone\"");
  load_planned({"mode=\"cpu\""});
  EXPECT_EQ(plan.mode, topology::Mode::cpu);
  EXPECT_EQ(plan.decisions.front().reason, "asked for with mode = \"cpu\"");
}

TEST_F(Modes, OfTheCommandLineWin) {
  load_planned({"mode=\"cpu\""}, topology::Mode::data_parallel);
  EXPECT_EQ(plan.mode, topology::Mode::data_parallel);
  EXPECT_EQ(plan.decisions.front().reason, "asked for with --mode, over the job file's mode = \"cpu\"");
  load_planned({"mode=\"data\""}, topology::Mode::cpu);
  EXPECT_EQ(plan.decisions.front().reason, "asked for with --mode, over the job file's mode = \"data\"");
}

TEST_F(Modes, AreNoPartOfTheAnswer) {
  auto const with = load_planned({"mode=\"data\""}), without = load_planned({});
  EXPECT_EQ(with.resolved.text, without.resolved.text);
  EXPECT_EQ(with.hash, without.hash);
  EXPECT_EQ(setting(with, "mode"), "\"data\": how to compute, no part of the answer; the plan says what it does");
  EXPECT_EQ(setting(without, "mode"), "not listed");
}

TEST_F(Modes, ThatAreNoneAreRefusedAsAnyKey) {
  try {
    load_planned({"mode=\"fast\""});
    FAIL() << "it was accepted";
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::user);
    EXPECT_THAT(error.what(), HasSubstr("mode: \"fast\""));
    EXPECT_THAT(error.what(), HasSubstr("model+data"));
  }
}

TEST_F(Modes, ThatCannotBeNameWhereTheyStand) {
  try {
    load_planned({"mode=\"model+data\""});
    FAIL() << "it was accepted";
  } catch (Error const& error) {
    EXPECT_STREQ(error.what(),
                 "mode = \"model+data\", but this kind of job has no model-parallel form; use mode = \"data\"");
  }
}

/// A kind of job whose bits are one kind of device's.
struct OnOneKind : test::MockJob {
  jobs::SameBits same_bits() const override { return jobs::SameBits::on_one_kind; }
};

TEST(Mixing, IsWhatTheJobPromises) {
  EXPECT_EQ(mixing_of(test::MockJob()), topology::Mixing::allowed);
  EXPECT_EQ(mixing_of(OnOneKind()), topology::Mixing::one_kind);
}

}  // namespace
}  // namespace muster::cli
