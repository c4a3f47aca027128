#include <array>

#include "topology/settings.hpp"

namespace muster::topology {
namespace {

constexpr Setting worded(int program, std::string_view kind, std::string_view key, std::string_view low,
                        std::string_view mid, std::string_view high, Basis basis = Basis::memory) {
  return {program, kind, key, {low, mid, high}, basis};
}
constexpr Setting counted(int program, std::string_view kind, std::string_view key, std::int64_t low,
                         std::int64_t mid, std::int64_t high, Basis basis = Basis::memory) {
  return {program, kind, key, {low, mid, high}, basis};
}
/// Grows with the machine, in units of what a job does on the entry card.
constexpr Setting grows(int program, std::string_view kind, std::string_view key, Basis basis) {
  return {program, kind, key, {std::int64_t{1}, std::int64_t{1}, std::int64_t{1}}, basis};
}
constexpr Setting from(int mid_gb, int high_gb, Setting setting) {
  setting.mid_from_gb = mid_gb;
  setting.high_from_gb = high_gb;
  return setting;
}
constexpr Setting capped(Cap cap, Setting setting) {
  setting.cap = cap;
  return setting;
}

constexpr std::array setting_rows{
    // 2: "over 16 GB" is high, 16 itself is mid.
    capped(Cap::batch, from(8, 17, counted(2, "train", "batch", 16, 32, 128))),
    from(8, 17, worded(2, "train", "model", "LSTM", "small transformer", "full transformer")),
    capped(Cap::features, from(8, 17, worded(2, "train", "technique", "gradient checkpointing", "mixed precision",
                                             "flash attention"))),
    worded(3, "price", "method", "Black-Scholes", "Black-Scholes and surfaces", "Monte Carlo"),
    worded(3, "price", "greeks", "limited", "full", "full"),
    worded(3, "price", "strategies", "single legs", "multi-leg", "complex"),
    worded(4, "selftest", "scope", "local", "distributed", "everything in parallel", Basis::gpus),
    counted(5, "train", "layers", 4, 8, 16),
    worded(5, "train", "accumulation", "gradient accumulation", "none", "none"),
    worded(5, "train", "distribution", "one device", "data parallel", "distributed layers", Basis::gpus),
    grows(6, "trade", "trading_frequency", Basis::scaled_by_rating),
    grows(6, "trade", "portfolio_size", Basis::scaled_by_memory),
    counted(7, "wheel", "options_per_symbol", 25, 100, 200),
    worded(8, "bench", "latency_unit", "milliseconds", "milliseconds", "microseconds"),
    grows(9, "evolve", "population", Basis::scaled_by_memory),
    grows(9, "evolve", "mutation_rate", Basis::scaled_by_rating),
    worded(10, "pipeline", "components", "basic", "most", "all"),
    grows(11, "bench", "memory_stress", Basis::scaled_by_memory),
    grows(11, "bench", "work", Basis::scaled_by_rating),
    counted(12, "train", "autoencoder.latent", 8, 16, 32),
    capped(Cap::batch, counted(12, "train", "autoencoder.batch", 16, 64, 256)),
    counted(12, "train", "autoencoder.depth", 3, 5, 8),
    worded(13, "train", "parallelism", "standalone", "data parallel", "model and data parallel", Basis::gpus),
    // 14: eight workers begin at 24 GB.
    from(8, 24, counted(14, "ticks", "workers", 2, 4, 8)),
    from(8, 24, counted(14, "ticks", "ticks_per_second", 10'000, 100'000, 1'000'000)),
    from(8, 24, counted(14, "ticks", "arbitrage_pairs", 100, 1'000, 10'000)),
    counted(15, "wheel", "contracts", 50, 200, 1'000),
    worded(15, "wheel", "greeks_precision", "single", "double", "quadruple"),
    counted(15, "wheel", "optimiser_iterations", 100, 1'000, 10'000),
    counted(16, "train", "surrogate.parameters", 100'000, 1'000'000, 10'000'000),
    counted(16, "train", "surrogate.samples", 1'000, 10'000, 100'000),
    counted(16, "train", "surrogate.epochs", 10, 50, 200),
    counted(17, "trade", "simultaneous_trades", 1, 10, 100),
    worded(17, "trade", "strategies", "simple", "complex", "advanced"),
    worded(17, "trade", "risk", "basic", "full", "Monte Carlo"),
    worded(18, "train", "forecaster.model", "LSTM", "transformer", "large transformer"),
    counted(18, "train", "forecaster.context", 100, 500, 2'000),
    counted(18, "train", "forecaster.horizon_steps", 1, 5, 20),
    grows(19, "trade", "update_rate", Basis::scaled_by_rating),
    counted(20, "wheel", "symbols", 5, 20, 100),
    counted(20, "wheel", "history_years", 1, 5, 10),
    counted(20, "wheel", "backtest_speed", 1, 10, 100),
};

}  // namespace

std::span<Setting const> settings() { return setting_rows; }

}  // namespace muster::topology
