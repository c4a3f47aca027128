#include "jobs/registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/sha256.hpp"

namespace muster::jobs {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view job = R"(kind = "price"
name = "one call"
seed = 9
[[market.asset]]
name = "A"
spot = 100.0
volatility = 0.2
[[instrument]]
right = "call"
strike = 100.0
expiry_years = 1.0
)";

std::string refusal(std::string_view text, std::vector<std::string> const& overrides = {}) {
  try {
    resolve_job(text, "job.toml", {.overrides = overrides}, nullptr);
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::user);
    return error.what();
  }
  return "accepted";
}

TEST(Registry, ResolvesToCanonicalText) {
  std::vector<ResolvedSetting> settings;
  ResolvedJob const resolved = resolve_job(job, "job.toml", {}, &settings);
  EXPECT_EQ(resolved.kind, "price");
  EXPECT_EQ(resolved.name, "one call");
  EXPECT_EQ(resolved.seed, 9U);
  EXPECT_FALSE(settings.empty());
  // Resolving what is resolved changes nothing, so the hash names the job.
  EXPECT_EQ(sha256_hex(resolve_job(resolved.text, "other.toml", {}, nullptr).text),
            sha256_hex(resolved.text));
}

TEST(Registry, MakesTheJob) {
  ResolvedJob const resolved = resolve_job(
      job, "job.toml", {.overrides = {"method=monte_carlo", "outputs=[\"price\"]"}}, nullptr);
  EXPECT_EQ(find_kind("price").make(resolved)->kind(), "price");
}

TEST(Registry, KnowsItsKinds) {
  for (auto const& kind : kinds()) {
    EXPECT_EQ(&find_kind(kind.name), &kind);
    EXPECT_THAT(kind.reference(), HasSubstr("| `kind` |"));
  }
  EXPECT_THAT([] { find_kind("pricee"); },
              ::testing::ThrowsMessage<Error>(HasSubstr("use \"price\"")));
}

TEST(Registry, SaysWhatIsWrongWithTheKind) {
  EXPECT_THAT(refusal("seed = 1\n"), StartsWith("job.toml:1:1: kind: missing"));
  EXPECT_THAT(refusal("\nkind = 5\n"), StartsWith("job.toml:2:8: kind: 5 is not a name"));
  EXPECT_THAT(refusal("kind = \"prise\"\n"),
              StartsWith("job.toml:1:8: kind: \"prise\" is unknown"));
  EXPECT_THAT(refusal(job, {"kind=x"}), StartsWith("--set kind: kind: \"x\" is unknown"));
  EXPECT_THAT(refusal("kind = \n"), StartsWith("job.toml:1:"));
}

}  // namespace
}  // namespace muster::jobs
