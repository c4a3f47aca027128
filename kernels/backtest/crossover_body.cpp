// Crossover rules on a CPU: signals with lanes over bars, one bit each; growth with lanes over rules.
#include "kernels/backtest/crossover_step.hpp"
#include "kernels/backtest/isa_doors.hpp"
#include "kernels/backtest/lanes.hpp"

MUSTER_BACKTEST_BEGIN
namespace {

constexpr int pack_lanes = pack_bytes / 4;
constexpr int packs = 2;  ///< as many as hide the latency of a multiplication
constexpr int rules_at_once = packs * pack_lanes;

constexpr std::uint32_t blocks_at_once = 8;  ///< whose signals are read before the first of them is run

typedef std::uint32_t Words __attribute__((vector_size(pack_bytes)));
using State = CrossoverState<FloatPack>;

MUSTER_FN FloatPack spread(float x) { return x - FloatPack{}; }

/// Each lane's growth in a bar: its two lowest bits say which of the four.
MUSTER_FN FloatPack pick(float const* growth, Words which) {
#if defined(__AVX512F__)
  return _mm512_permutevar_ps(_mm512_broadcast_f32x4(_mm_load_ps(growth)), (__m512i)which);
#elif defined(__AVX2__)
  return _mm256_permutevar_ps(_mm256_broadcast_ps(reinterpret_cast<__m128 const*>(growth)), (__m256i)which);
#else
  FloatPack const flat_before = (which & 2) != 0 ? spread(growth[crossover_bought]) : spread(growth[0]);
  FloatPack const long_before = (which & 2) != 0 ? spread(growth[crossover_held]) : spread(growth[crossover_sold]);
  return (which & 1) != 0 ? long_before : flat_before;
#endif
}

/// Bit k: the fast average is above the slow one at bar k of the block.
MUSTER_FN std::uint32_t signal_word(float const* fast, float const* slow) {
  std::uint32_t word = 0;
#if defined(__AVX512F__)
  for (int k = 0; k < 32; k += 16)
    word |= std::uint32_t{_mm512_cmp_ps_mask(_mm512_load_ps(fast + k), _mm512_load_ps(slow + k), _CMP_GT_OQ)} << k;
#elif defined(__AVX2__)
  for (int k = 0; k < 32; k += 8)
    word |= static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(_mm256_load_ps(fast + k), _mm256_load_ps(slow + k), _CMP_GT_OQ))) << k;
#else
  for (std::uint32_t k = 0; k < crossover_block; ++k) word |= (fast[k] > slow[k] ? 1u : 0u) << k;
#endif
  return word;
}

struct Halves {
  DoublePack of[2];
  MUSTER_FN explicit Halves(FloatPack pack) {
    HalfFloatPack half[2];
    __builtin_memcpy(half, &pack, pack_bytes);
    of[0] = __builtin_convertvector(half[0], DoublePack);
    of[1] = __builtin_convertvector(half[1], DoublePack);
  }
};

/// The sums over blocks of a pack of rules.
class PackSums {
 public:
  MUSTER_FN void add(FloatPack equity, FloatPack sum, FloatPack squares) {
    Halves const e(equity), s(sum), q(squares);
    for (int h = 0; h < 2; ++h) half_[h].add(e.of[h], s.of[h], q.of[h]);
  }
  MUSTER_FN void tell(FloatPack lowest, double returns, double year_root, CrossoverResult* out) const {
    FloatPack const drawdown = 1 - lowest;
    for (int h = 0; h < 2; ++h) {
      auto const figures = crossover_figures(half_[h], returns, year_root);
      auto const total = __builtin_convertvector(figures.total_return, HalfFloatPack);
      auto const sharpe = __builtin_convertvector(figures.sharpe, HalfFloatPack);
      for (int l = 0; l < half_lanes; ++l) out[h * half_lanes + l] = {total[l], sharpe[l], drawdown[h * half_lanes + l]};
    }
  }

 private:
  static constexpr int half_lanes = pack_lanes / 2;
  CrossoverSums<DoublePack> half_[2];
};

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
    for (State& state : states_) state.under = state.lowest = spread(1);
    constexpr std::uint32_t bars_at_once = blocks_at_once * crossover_block;
    for (std::uint32_t bar = first_block(); bar < table_.bars; bar += bars_at_once) {
      std::uint32_t const blocks = (table_.bars - bar + crossover_block - 1) / crossover_block;
      run_blocks(bar, blocks < blocks_at_once ? blocks : blocks_at_once);
    }
    double const year_root = sqrt(table_.bars_per_year);
    for (int p = 0; p < packs; ++p) sums_[p].tell(states_[p].lowest, table_.bars - 1.0, year_root, out + p * pack_lanes);
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

  void run_blocks(std::uint32_t bar, std::uint32_t blocks) {
    for (int i = 0; i < rules_at_once; ++i)
      for (std::uint32_t b = 0; b < blocks; ++b)
        words_[b][i] = signal_word(fast_[i] + bar + b * crossover_block, slow_[i] + bar + b * crossover_block);
    for (std::uint32_t b = 0; b < blocks; ++b) run_block(bar + b * crossover_block, words_[b]);
  }

  void run_block(std::uint32_t bar, std::uint32_t const* signals) {
    constexpr std::uint32_t half = crossover_block / 2;
    for (int p = 0; p < packs; ++p)
      place(p, load_pack<Words>(signals + p * pack_lanes) & after_warm_up(bar, warm_ + p * pack_lanes));
    State state[packs];
    for (int p = 0; p < packs; ++p) {
      state[p] = states_[p];
      state[p].equity = spread(1);
      state[p].sum = state[p].squares = FloatPack{};
    }
    float const* growth = table_.growth.data() + std::size_t{crossover_ways} * bar;
    for (auto const& which : which_) {
      step_half(growth, state, which);
      growth += crossover_ways * half;
    }
    for (int p = 0; p < packs; ++p) {
      sums_[p].add(state[p].equity, state[p].sum, state[p].squares);
      states_[p] = state[p];
    }
  }

  /// A signal is filled one bar after its own. Two bits that overlap say how a bar grows: long before its open, and after it.
  MUSTER_FN void place(int pack, Words signals) {
    Words const words = signals << 1 | signal_[pack];
    which_[0][pack] = words << 1 | before_[pack];
    which_[1][pack] = words >> (crossover_block / 2 - 1);
    signal_[pack] = signals >> 31;
    before_[pack] = words >> 31;
  }

  /// Ones from the bit of the first bar on at which a rule has both averages.
  MUSTER_FN static Words after_warm_up(std::uint32_t bar, std::uint32_t const* warm) {
    Words const first = load_pack<Words>(warm);
    Words const missing = first > bar ? first - bar : Words{};
    return missing < crossover_block ? ~Words{} << (missing & (crossover_block - 1)) : Words{};
  }

  MUSTER_FN static void step_half(float const* growth, State* state, Words const* first) {
    FloatPack const one = spread(growth[0]);  // of a table: as a constant it costs gcc 12 two instructions for a minimum
    Words which[packs];
    for (int p = 0; p < packs; ++p) which[p] = first[p];
    for (std::uint32_t k = 0; k < crossover_block / 2; ++k) {
      MUSTER_UNROLL
      for (int p = 0; p < packs; ++p) {
        state[p].step(pick(growth + crossover_ways * k, which[p]), one);
        which[p] >>= 1;
      }
    }
  }

  CrossoverTable const& table_;
  float const* fast_[rules_at_once];
  float const* slow_[rules_at_once];
  alignas(64) std::uint32_t warm_[rules_at_once];
  alignas(64) std::uint32_t words_[blocks_at_once][rules_at_once];
  State states_[packs];
  Words which_[2][packs];     ///< of the halves of a block: a word has no room for its bars and the one before them
  Words signal_[packs] = {};  ///< 1 where the last bar of the block before told to be long
  Words before_[packs] = {};  ///< 1 where long before the block's first open
  PackSums sums_[packs];
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
