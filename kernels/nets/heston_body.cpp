// Antithetic pairs of paths of Heston's variance, 64 at a time.
#include "kernels/nets/heston_path.hpp"
#include "kernels/nets/label_lanes.hpp"
#include "kernels/nets/net_body.hpp"

MUSTER_NETS_BEGIN

namespace {

constexpr int lanes = label_lanes;

/// VarianceNumbers of each lane.
struct Variances {
  float at[variance_numbers][lanes];
  VarianceNumbers get(int i) const { return {at[0][i], at[1][i], at[2][i], at[3][i], at[4][i]}; }
  void set(int i, VarianceNumbers const& v) { at[0][i] = v.value, at[1][i] = v.v0, at[2][i] = v.kappa, at[3][i] = v.theta, at[4][i] = v.xi; }
};
struct Paths {
  Variances now, sum;
};

void start(HestonTerms const& h, Paths& paths) {
  for (int i = 0; i < lanes; ++i) {
    paths.now.set(i, first_variance(h));
    paths.sum.set(i, {});
  }
}

void step(HestonTerms const& h, Paths& paths, float const* z, float sign) {
  MUSTER_LANES
  for (int i = 0; i < lanes; ++i) paths.now.set(i, next_variance(h, paths.now.get(i), sign * z[i]));
  for (int k = 0; k < variance_numbers; ++k) {
    MUSTER_LANES
    for (int i = 0; i < lanes; ++i) paths.sum.at[k][i] += paths.now.at[k][i];
  }
}

/// Adds what the first `count` paths come to.
void finish(HestonTerms const& h, Paths const& paths, int count, std::int64_t* sums) {
  float found[label_sums - 1][lanes];
  std::int32_t bad[lanes];
  MUSTER_LANES
  for (int i = 0; i < lanes; ++i) {
    HestonEnd const end = heston_end(h, paths.sum.get(i), paths.now.get(i));
    bool const is_here = i < count;
    found[0][i] = is_here ? end.price : 0.0f;
    found[1][i] = is_here ? end.forward : 0.0f;
    found[2][i] = is_here ? end.v0 : 0.0f;
    found[3][i] = is_here ? end.kappa : 0.0f;
    found[4][i] = is_here ? end.theta : 0.0f;
    found[5][i] = is_here ? end.xi : 0.0f;
    found[6][i] = is_here ? end.rho : 0.0f;
    bad[i] = is_here & end.is_bad ? 1 : 0;
  }
  for (std::size_t s = 0; s + 1 < label_sums; ++s) sums[s] += grid_sum(found[s]);
  sums[label_sums - 1] += count_of(bad);
}

}  // namespace

void add_heston_paths(PathLaw const& law, std::uint64_t pairs, std::int64_t* sums) {
  float z[label_normals][lanes];
  Paths paths[2];
  for (std::uint64_t item = 0; item < pairs; item += lanes) {
    start(law.heston, paths[0]);
    start(law.heston, paths[1]);
    for (std::uint32_t s = 0; s < law.steps; ++s) {
      if (s % label_normals == 0) draw_lanes(law, law.item + item, s / label_normals, z);
      step(law.heston, paths[0], z[s % label_normals], 1.0f);
      step(law.heston, paths[1], z[s % label_normals], -1.0f);
    }
    for (Paths const& of : paths) finish(law.heston, of, limited_lanes(pairs - item), sums);
  }
}

MUSTER_NETS_END
