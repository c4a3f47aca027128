// The CPU executor of the path machine; compiled once per instruction set.
#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "kernels/price/machine.hpp"
#include "kernels/price/paths.hpp"
#include "kernels/rng/philox_lanes.hpp"
#include "kernels/sums/quantize.hpp"

MUSTER_KERNELS_BEGIN
namespace {

constexpr int lane_count = 256;
constexpr int many_tracks = 64;  ///< any number: a CPU counts them at run time

/// Adds the sums of the first `count` lanes' samples and controls to one row's raw sums.
void add_row(double const* y, double const* c, double scale, double control_scale, bool with_control,
             int count, std::int64_t* raw) {
  std::int64_t y1 = 0, yh = 0, ym = 0, yl = 0, bad = 0;
  for (int i = 0; i < count; ++i) {
    double const scaled = y[i] * scale;
    bad += on_grid(scaled) ? 0 : 1;
    Quantum const q = quantize(scaled);
    y1 += to_integer_bits(scaled + rounding_magic);
    yh += to_integer_bits(fma(q.high, q.high, rounding_magic));
    ym += to_integer_bits(fma(q.high + q.high, q.low, rounding_magic));
    yl += to_integer_bits(fma(q.low, q.low, rounding_magic));
  }
  std::int64_t const offset = static_cast<std::int64_t>(static_cast<std::uint64_t>(count) * static_cast<std::uint64_t>(rounding_magic_bits));
  raw[raw_y] += y1 - offset;
  raw[raw_yy_h] += yh - offset;
  raw[raw_yy_m] += ym - offset;
  raw[raw_yy_l] += yl - offset;
  if (with_control) {
    std::int64_t c1 = 0, ch = 0, cm = 0, cl = 0, xh = 0, xm = 0, xl = 0;
    for (int i = 0; i < count; ++i) {
      double const scaled = c[i] * control_scale;
      bad += on_grid(scaled) ? 0 : 1;
      Quantum const q = quantize(scaled);
      Quantum const p = quantize(y[i] * scale);
      c1 += to_integer_bits(scaled + rounding_magic);
      ch += to_integer_bits(fma(q.high, q.high, rounding_magic));
      cm += to_integer_bits(fma(q.high + q.high, q.low, rounding_magic));
      cl += to_integer_bits(fma(q.low, q.low, rounding_magic));
      xh += to_integer_bits(fma(p.high, q.high, rounding_magic));
      xm += to_integer_bits(fma(p.high, q.low, p.low * q.high) + rounding_magic);
      xl += to_integer_bits(fma(p.low, q.low, rounding_magic));
    }
    raw[raw_c] += c1 - offset;
    raw[raw_cc_h] += ch - offset;
    raw[raw_cc_m] += cm - offset;
    raw[raw_cc_l] += cl - offset;
    raw[raw_yc_h] += xh - offset;
    raw[raw_yc_m] += xm - offset;
    raw[raw_yc_l] += xl - offset;
  }
  raw[raw_bad] += bad;
}

/// Buffers of one thread.
template <class Real>
struct LaneEnv {
  std::uint32_t stream;
  std::uint32_t slots_per_path;
  bool control;
  std::uint64_t item = 0;
  int counted;  ///< lanes that belong to the tile: all, or the whole of a smaller tile
  std::vector<Real> slots;
  std::vector<double> totals;
  std::vector<double> samples;     ///< of one contract's rows, then their controls
  std::uint32_t most_rows;
  std::int64_t* raw = nullptr;     ///< null while searching
  std::uint64_t wanted_row = 0;    ///< the row to search, and where its first bad sample was found
  std::int64_t found = -1;
  alignas(64) std::uint32_t words[4][lane_count];

  LaneEnv(PathPlan const& plan)
      : stream(plan.stream), slots_per_path(plan.slots_per_path), control(plan.control),
        counted(static_cast<int>(std::min<std::uint64_t>(plan.tile_items, lane_count))),
        slots(std::size_t{2} * plan.slots_per_path * lane_count), totals(std::size_t{plan.totals} * plan.total_rows * lane_count),
        samples(std::size_t{2} * plan.most_rows * lane_count), most_rows(plan.most_rows) {}

  void normals(PhiloxKeys const& keys, std::uint32_t block, Real (*z)[lane_count]) {
    philox_lanes(keys, item, block, stream, words);
    constexpr int count = normals_per_block<Real>;
    for (int i = 0; i < lane_count; ++i) {
      Real made[count];
      block_normals(words[0][i], words[1][i], words[2][i], words[3][i], made);
      MUSTER_UNROLL
      for (int k = 0; k < count; ++k) z[k][i] = made[k];
    }
  }
  void minus_two_log_uniform(PhiloxKeys const& keys, std::uint32_t block, std::uint32_t word, float (&w)[lane_count]) {
    philox_lanes(keys, item, block, stream + 1, words);
    for (int i = 0; i < lane_count; ++i) w[i] = minus_two_log(uniform_single(words[word][i]));
  }
  void minus_two_log_uniform(PhiloxKeys const& keys, std::uint32_t block, std::uint32_t word, double (&w)[lane_count]) {
    philox_lanes(keys, item, block, stream + 1, words);
    // 32 bits are enough for an extremum: its distribution function is never inverted.
    for (int i = 0; i < lane_count; ++i) w[i] = minus_two_log(uniform_double(words[word][i], 0x80000000u));
  }
  Real* slot(int copy, std::uint32_t index) {
    return slots.data() + (std::size_t(copy) * slots_per_path + index) * lane_count;
  }
  double* total(std::uint32_t index) { return totals.data() + std::size_t{index} * lane_count; }
  double* sample(std::uint32_t row) { return samples.data() + std::size_t{row} * lane_count; }
  double* control_sample(std::uint32_t row) { return sample(most_rows + row); }
  void row(std::uint64_t index, double const* y, double const* c, double scale, double control_scale) {
    if (raw != nullptr) return add_row(y, c, scale, control_scale, control, counted, raw + index * raw_sums);
    if (index != wanted_row) return;
    for (int i = counted - 1; i >= 0; --i)
      if (!on_grid(y[i] * scale) || (control && !on_grid(c[i] * control_scale))) found = i;
  }
};

template <class Real>
class HostPaths final : public PathRunner {
 public:
  explicit HostPaths(PathPlan const& plan)
      : plan_(plan), coefficients_(plan.coefficients.begin(), plan.coefficients.end()), env_(plan_),
        view_(view_of<Real>(plan_, coefficients_.data(),
                            [](auto const& values) { return values.empty() ? nullptr : values.data(); })) {}

  void run(TileRange range, std::span<std::int64_t> raw) override {
    std::uint64_t const stride = plan_.rows.size() * raw_sums;
    std::memset(raw.data(), 0, raw.size_bytes());
    for (std::uint64_t t = 0; t < range.count; ++t) {
      env_.raw = raw.data() + t * stride;
      std::uint64_t const first = (range.first + t) * plan_.tile_items;
      for (std::uint64_t i = 0; i < plan_.tile_items; i += lane_count) {
        env_.item = first + i;
        simulate();
      }
    }
  }

  std::uint64_t find_bad_item(std::uint64_t tile, std::uint64_t row) override {
    env_.raw = nullptr;
    env_.wanted_row = row;
    env_.found = -1;
    std::uint64_t const first = tile * plan_.tile_items;
    for (std::uint64_t i = 0; i < plan_.tile_items; i += lane_count) {
      env_.item = first + i;
      simulate();
      if (env_.found >= 0) return first + i + static_cast<std::uint64_t>(env_.found);
    }
    return first;
  }

 private:
  void simulate() {
    if (plan_.model == Model::merton) return with_model<Merton<Real>>();
    if (plan_.model == Model::heston) return with_model<Heston<Real>>();
    switch (plan_.assets) {
      case 1: return with_model<Gbm<Real, 1>>();
      case 2: return with_model<Gbm<Real, 2>>();
      case 4: return with_model<Gbm<Real, 4>>();
      case 8: return with_model<Gbm<Real, 8>>();
      default: return with_model<Gbm<Real, 16>>();
    }
  }
  /// Room for the states of every track and for what contracts see of them.
  template <class Model>
  void with_model() {
    using State = Real[Model::state_size][lane_count];
    using Row = Real[lane_count];
    std::size_t const states = std::size_t{2} * plan_.tracks;
    std::size_t const wanted = states * (sizeof(State) + 3 * Model::assets * sizeof(Row)) / sizeof(Real);
    if (room_.size() < wanted + alignment) room_.resize(wanted + alignment);
    auto const start = reinterpret_cast<std::uintptr_t>(room_.data());
    auto* const aligned = reinterpret_cast<Real*>((start + 63) / 64 * 64);
    auto* const state = reinterpret_cast<State*>(aligned);
    auto* const before = reinterpret_cast<Row*>(state + states);
    std::size_t const rows = states * Model::assets;
    Seen<Real, lane_count> const seen{before, before + rows, before + 2 * rows};
    PathMachine<Real, Model, StateLayout, many_tracks, lane_count, LaneEnv<Real>>(view_, env_, state, seen,
                                                                                  layout_of<Model>())
        .run();
  }

  static constexpr std::size_t alignment = 64 / sizeof(Real);
  PathPlan plan_;
  std::vector<Real> coefficients_;
  std::vector<Real> room_;
  LaneEnv<Real> env_;
  PathView<Real> view_;
};

}  // namespace

std::unique_ptr<PathRunner> make_paths(PathPlan const& plan) {
  if (plan.single_precision) return std::make_unique<HostPaths<float>>(plan);
  return std::make_unique<HostPaths<double>>(plan);
}

MUSTER_KERNELS_END
