// A rule is one line of text and one genome: whichever way one goes, the rule is the same.
#include "jobs/evolve/rule_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/error.hpp"
#include "jobs/evolve/auto_rules.hpp"
#include "jobs/evolve/rule_space.hpp"

namespace muster::jobs::evolve {
namespace {

using kernels::backtest::Rule;
using ::testing::HasSubstr;

RuleSpace space_of(Sides sides, std::uint64_t terms) {
  RuleSpace space;
  space.terms = terms;
  space.sides = sides;
  space.indicators = all_indicators();
  for (auto const window : kernels::backtest::default_windows()) space.windows.push_back(window);
  return space;
}

std::vector<double> random_genome(std::vector<kernels::Gene> const& genes, std::mt19937& random) {
  std::vector<double> genome;
  for (auto const& gene : genes) {
    auto const steps = gene.step > 0 ? static_cast<int>((gene.high - gene.low) / gene.step) : 0;
    genome.push_back(gene.low + std::uniform_int_distribution<int>(0, steps)(random));
  }
  return genome;
}

TEST(RuleText, genome_rule_and_text_are_one_thing) {
  std::mt19937 random(7);
  for (auto const sides : {Sides::long_only, Sides::short_only, Sides::both})
    for (std::uint64_t terms : {1, 4, 8}) {
      auto const space = space_of(sides, terms);
      auto const genes = rule_genes(space);
      for (int i = 0; i < 500; ++i) {
        auto const genome = random_genome(genes, random);
        Rule const rule = rule_of(space, genome);
        EXPECT_EQ(genome_of(space, rule), genome);
        auto const text = rule_text(rule, windows_of(space));
        Rule const again = parse_rule(text, windows_of(space));
        EXPECT_EQ(rule_text(again, windows_of(space)), text);
        EXPECT_EQ(genome_of(space, again), genome) << text;
      }
    }
}

TEST(RuleText, reads_what_a_person_writes) {
  auto const windows = windows_of(space_of(Sides::both, 2));
  Rule const rule = parse_rule("+35% sma( 20 )  -40 % rsi(14);long in 25% out 5%; stop 5%; target 12.5%; hold 40;\n size 20% by volatility", windows);
  EXPECT_EQ(rule_text(rule, windows),
            "+35% sma(20) -40% rsi(14); long in 25% out 5%; stop 5%; target 12.5%; hold 40; size 20% by volatility");
  EXPECT_EQ(rule.sides, kernels::backtest::Sides::long_only);
  EXPECT_EQ(rule.stop_half_percent, 10);
  EXPECT_EQ(rule.target_half_percent, 25);
}

TEST(RuleText, says_where_it_stops_making_sense) {
  auto const windows = windows_of(space_of(Sides::both, 2));
  auto const refusal = [&](std::string_view text) -> std::string {
    try {
      parse_rule(text, windows);
    } catch (Error const& error) {
      EXPECT_EQ(error.code(), Exit::user);
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal(""), HasSubstr("stops making sense at \"its end\" (character 1); write a term such as +35% sma(20)"));
  EXPECT_THAT(refusal("+35% sna(20); long in 1% out 0%; size 1%"), HasSubstr("write an indicator; use \"sma\""));
  EXPECT_THAT(refusal("+35% sma(21); long in 1% out 0%; size 1%"), HasSubstr("a window of the job's rules.windows, which 21 is not"));
  EXPECT_THAT(refusal("+350% sma(20)"), HasSubstr("a whole number from -100 to 100"));
  EXPECT_THAT(refusal("+35% sma(20); size 20%"), HasSubstr("write long in ...% out ...%"));
  EXPECT_THAT(refusal("+35% sma(20); long in 5% out 2%; stop 0.3%"), HasSubstr("in steps of 0.5"));
  EXPECT_THAT(refusal("+35% sma(20); long in 5% out 2%; fly 3"), HasSubstr("write long, short, stop, target, hold or size"));
  EXPECT_THAT(refusal("+35% sma(20); long in 5% out 2%; size 20% by luck"), HasSubstr("write volatility"));
}

TEST(RuleSpace, refuses_a_rule_that_it_does_not_hold) {
  auto space = space_of(Sides::both, 1);
  space.indicators = {kernels::backtest::Indicator::rsi};
  Rule const rule = parse_rule("+35% sma(20); long in 5% out 2%; size 20%", windows_of(space));
  EXPECT_THROW(genome_of(space, rule), Error);
}

}  // namespace
}  // namespace muster::jobs::evolve
