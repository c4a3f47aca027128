#include "topology/settings.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "topology/cards.hpp"

namespace muster::topology {
namespace {

/// An imaginary card of some memory that limits nothing.
Profile card_of(int memory_gb) {
  Profile profile;
  profile.memory_gb = memory_gb;
  profile.batch = profile.train_batch = 1 << 20;
  profile.features = {.mixed_precision = true, .flash_attention = true};
  return profile;
}

std::string at(int program, char const* key, Profile const& profile, int gpus = 1) {
  auto const* const setting = find_setting(program, key);
  return setting == nullptr ? "no such setting" : to_string(resolve(*setting, profile, gpus));
}

struct Row {
  int program;
  char const* key;
  char const *low, *mid, *high;  ///< at 4, 12 and 80 GB
};

// The inventory's programs, as it writes them: a range's lower value for train, its upper for the others.
constexpr Row inventory_programs[] = {
    {2, "batch", "16", "32", "128"},
    {2, "model", "LSTM", "small transformer", "full transformer"},
    {2, "technique", "gradient checkpointing", "mixed precision", "flash attention"},
    {3, "method", "Black-Scholes", "Black-Scholes and surfaces", "Monte Carlo"},
    {3, "greeks", "limited", "full", "full"},
    {3, "strategies", "single legs", "multi-leg", "complex"},
    {5, "layers", "4", "8", "16"},
    {5, "accumulation", "gradient accumulation", "none", "none"},
    {7, "options_per_symbol", "25", "100", "200"},
    {8, "latency_unit", "milliseconds", "milliseconds", "microseconds"},
    {10, "components", "basic", "most", "all"},
    {12, "autoencoder.latent", "8", "16", "32"},
    {12, "autoencoder.batch", "16", "64", "256"},
    {12, "autoencoder.depth", "3", "5", "8"},
    {14, "workers", "2", "4", "8"},
    {14, "ticks_per_second", "10000", "100000", "1000000"},
    {14, "arbitrage_pairs", "100", "1000", "10000"},
    {15, "contracts", "50", "200", "1000"},
    {15, "greeks_precision", "single", "double", "quadruple"},
    {15, "optimiser_iterations", "100", "1000", "10000"},
    {16, "surrogate.parameters", "100000", "1000000", "10000000"},
    {16, "surrogate.samples", "1000", "10000", "100000"},
    {16, "surrogate.epochs", "10", "50", "200"},
    {17, "simultaneous_trades", "1", "10", "100"},
    {17, "strategies", "simple", "complex", "advanced"},
    {17, "risk", "basic", "full", "Monte Carlo"},
    {18, "forecaster.model", "LSTM", "transformer", "large transformer"},
    {18, "forecaster.context", "100", "500", "2000"},
    {18, "forecaster.horizon_steps", "1", "5", "20"},
    {20, "symbols", "5", "20", "100"},
    {20, "history_years", "1", "5", "10"},
    {20, "backtest_speed", "1", "10", "100"},
};

TEST(Settings, AreTheInventorys) {
  for (auto const& row : inventory_programs) {
    SCOPED_TRACE(std::to_string(row.program) + " " + row.key);
    EXPECT_EQ(at(row.program, row.key, card_of(4)), row.low);
    EXPECT_EQ(at(row.program, row.key, card_of(12)), row.mid);
    EXPECT_EQ(at(row.program, row.key, card_of(80)), row.high);
  }
}

TEST(Settings, CoverEveryProgramThatHasAny) {
  std::set<int> programs;
  for (auto const& setting : settings()) programs.insert(setting.program);
  // 1 is the memory fraction and pool, 21 this room itself, 22 good practice: none has a value by tier.
  std::set<int> wanted;
  for (int program = 2; program <= 20; ++program) wanted.insert(program);
  EXPECT_EQ(programs, wanted);
}

TEST(Settings, HaveKeysOfTheirOwn) {
  std::set<std::pair<int, std::string_view>> seen;
  for (auto const& setting : settings())
    EXPECT_TRUE(seen.insert({setting.program, setting.key}).second) << setting.key;
}

TEST(Settings, ChangeAtTheirThresholds) {
  EXPECT_EQ(at(2, "batch", card_of(7)), "16");
  EXPECT_EQ(at(2, "batch", card_of(8)), "32");
  EXPECT_EQ(at(2, "batch", card_of(16)), "32");  // "over 16 GB" is high
  EXPECT_EQ(at(2, "batch", card_of(20)), "128");
  EXPECT_EQ(at(14, "workers", card_of(16)), "4");  // eight begin at 24 GB
  EXPECT_EQ(at(14, "workers", card_of(24)), "8");
  EXPECT_EQ(at(15, "contracts", card_of(15)), "200");
  EXPECT_EQ(at(15, "contracts", card_of(16)), "1000");
}

TEST(Settings, OfParallelismGoByTheNumberOfGpus) {
  EXPECT_EQ(at(13, "parallelism", card_of(80), 1), "standalone");
  EXPECT_EQ(at(13, "parallelism", card_of(80), 2), "data parallel");
  EXPECT_EQ(at(13, "parallelism", card_of(4), 7), "data parallel");
  EXPECT_EQ(at(13, "parallelism", card_of(4), 8), "model and data parallel");
  EXPECT_EQ(at(4, "scope", card_of(4), 0), "local");
}

TEST(Settings, ScaleWithTheCard) {
  auto card = card_of(4);
  EXPECT_EQ(at(9, "population", card), "1");
  EXPECT_EQ(at(9, "mutation_rate", card), "1");
  card = card_of(80);
  card.rated = 100;
  EXPECT_EQ(at(9, "population", card), "20");
  EXPECT_EQ(at(6, "trading_frequency", card), "100");
}

TEST(Settings, AreCappedByTheCardsRow) {
  auto const card = [](char const* name) {
    auto const* const found = card_meant_by(name);
    return *find_profile(found->name, found->memory_gb);
  };
  EXPECT_EQ(at(2, "batch", card("RTX 3090")), "96");
  EXPECT_EQ(at(2, "batch", card("T4")), "32");
  EXPECT_EQ(at(2, "batch", card("A100-80GB")), "128");
  EXPECT_EQ(at(12, "autoencoder.batch", card("RTX 3090")), "96");
  EXPECT_EQ(at(12, "autoencoder.batch", card("A40")), "128");
  EXPECT_EQ(at(12, "autoencoder.batch", card("H100")), "256");
  // Thirty-two gigabytes, and no flash attention.
  EXPECT_EQ(at(2, "technique", card("V100-32GB")), "mixed precision");
  EXPECT_EQ(at(2, "technique", card("T4")), "gradient checkpointing");
  EXPECT_EQ(at(2, "technique", card("A40")), "flash attention");
}

}  // namespace
}  // namespace muster::topology
