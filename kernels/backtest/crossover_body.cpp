// Crossover rules on a CPU: signals with lanes over bars, one bit each; growth with lanes over rules.
#include "kernels/backtest/crossover_step.hpp"
#include "kernels/backtest/isa_doors.hpp"

MUSTER_BACKTEST_BEGIN
namespace {

#if defined(__AVX512F__)
constexpr int pack_bytes = 64;
#else
constexpr int pack_bytes = 32;
#endif
constexpr int pack_lanes = pack_bytes / 4;
constexpr int packs = 2;  ///< as many as hide the latency of a multiplication
constexpr int rules_at_once = packs * pack_lanes;

typedef float Pack __attribute__((vector_size(pack_bytes)));
typedef std::int32_t Mask __attribute__((vector_size(pack_bytes)));

MUSTER_FN Pack spread(float x) { return x - Pack{}; }

struct BitTable {
  std::uint32_t bit[crossover_block];
  constexpr BitTable() : bit() {
    for (std::uint32_t k = 0; k < crossover_block; ++k) bit[k] = std::uint32_t{1} << k;
  }
};
constexpr BitTable bits;

/// Bit k: the fast average is above the slow one at bar k of the block.
MUSTER_FN std::uint32_t signal_word(float const* fast, float const* slow) {
  std::uint32_t word = 0;
  for (std::uint32_t k = 0; k < crossover_block; ++k) word |= fast[k] > slow[k] ? bits.bit[k] : 0u;
  return word;
}

/// As many rules as are computed at once.
class Group {
 public:
  Group(CrossoverTable const& table, Crossover const* rules) : table_(table) {
    for (int i = 0; i < rules_at_once; ++i) {
      fast_[i] = average(rules[i].fast);
      slow_[i] = average(rules[i].slow);
      warm_[i] = static_cast<std::uint32_t>(rules[i].fast > rules[i].slow ? rules[i].fast : rules[i].slow) - 1;
    }
  }

  void run(CrossoverResult* out) {
    for (CrossoverState<Pack>& state : states_) state.under = state.lowest = spread(1);
    for (std::uint32_t bar = first_block(); bar < table_.bars; bar += crossover_block) {
      read_signals(bar);
      grow(bar);
      settle();
    }
    double const year_root = sqrt(table_.bars_per_year);
    for (int i = 0; i < rules_at_once; ++i)
      out[i] = crossover_result(sums_[i], states_[i / pack_lanes].lowest[i % pack_lanes], table_.bars - 1.0, year_root);
  }

 private:
  float const* average(std::uint32_t window) const {
    return table_.averages.data() + std::size_t{window - 2} * table_.stride;
  }

  /// No rule has a signal before it.
  std::uint32_t first_block() const {
    std::uint32_t least = warm_[0];
    for (std::uint32_t warm : warm_) least = warm < least ? warm : least;
    return least / crossover_block * crossover_block;
  }

  /// Words of positions: bit k is set where a rule is long after the open of bar k.
  void read_signals(std::uint32_t bar) {
    for (int i = 0; i < rules_at_once; ++i) {
      std::uint32_t word = signal_word(fast_[i] + bar, slow_[i] + bar);
      if (bar < warm_[i]) word = warm_[i] - bar >= crossover_block ? 0 : word >> (warm_[i] - bar) << (warm_[i] - bar);
      words_[i] = word << 1 | last_[i];
      last_[i] = word >> 31;
    }
  }

  void grow(std::uint32_t bar) {
    Pack const one = spread(1);
    CrossoverState<Pack> state[packs];
    Mask word[packs], before[packs];
    for (int p = 0; p < packs; ++p) {
      state[p] = states_[p];
      state[p].equity = one;
      state[p].sum = state[p].squares = Pack{};
      __builtin_memcpy(&word[p], words_ + p * pack_lanes, pack_bytes);
      before[p] = before_[p];
    }
    for (std::uint32_t t = bar; t < bar + crossover_block; ++t) {
      Pack const hold = spread(table_.hold[t]), enter = spread(table_.enter[t]), leave = spread(table_.leave[t]);
      MUSTER_UNROLL
      for (int p = 0; p < packs; ++p) {
        Mask const now = (word[p] & 1) != 0;
        state[p].step(before[p], now, one, hold, enter, leave);
        before[p] = now;
        word[p] >>= 1;
      }
    }
    for (int p = 0; p < packs; ++p) {
      states_[p] = state[p];
      before_[p] = before[p];
    }
  }

  void settle() {
    for (int p = 0; p < packs; ++p)
      for (int l = 0; l < pack_lanes; ++l)
        sums_[p * pack_lanes + l].add(states_[p].equity[l], states_[p].sum[l], states_[p].squares[l]);
  }

  CrossoverTable const& table_;
  float const* fast_[rules_at_once];
  float const* slow_[rules_at_once];
  std::uint32_t warm_[rules_at_once];
  std::uint32_t last_[rules_at_once] = {};  ///< the last signal of the block before
  alignas(64) std::uint32_t words_[rules_at_once] = {};
  CrossoverState<Pack> states_[packs];
  Mask before_[packs] = {};
  CrossoverSums sums_[rules_at_once];
};

}  // namespace

void run_crossover_lanes(CrossoverTable const& table, Crossover const* rules, std::size_t count, CrossoverResult* out) {
  std::size_t i = 0;
  for (; i + rules_at_once <= count; i += rules_at_once) Group(table, rules + i).run(out + i);
  if (i == count) return;
  Crossover rest[rules_at_once];
  CrossoverResult results[rules_at_once];
  for (std::size_t k = 0; i + k < count; ++k) rest[k] = rules[i + k];
  Group(table, rest).run(results);
  for (std::size_t k = 0; i + k < count; ++k) out[i + k] = results[k];
}

MUSTER_BACKTEST_END
