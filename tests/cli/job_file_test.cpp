// "auto" settings follow the tier of the plan, and say so.
#include "cli/job_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/io/scratch.hpp"

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
  EXPECT_EQ(load_resolved("price", large.resolved.text).hash, large.hash);
}

TEST_F(Tiers, AreToldInOneLine) {
  EXPECT_THAT(describe_auto(load(plan_of({})).settings, "# "),
              HasSubstr("# auto: mid tier (the CPU's): method = \"both\", outputs = [\"price\", "));
}

}  // namespace
}  // namespace muster::cli
