// Antithetic pairs of lognormal paths, 64 at a time.
#include "kernels/nets/label_lanes.hpp"
#include "kernels/nets/net_body.hpp"

MUSTER_NETS_BEGIN

namespace {

constexpr int lanes = label_lanes;
constexpr int normals = label_normals;

/// PathSums of each lane.
struct Paths {
  float sum[lanes], weighted[lanes], timed[lanes], motion[lanes], motions[lanes];
};

void start(Paths& paths) {
  for (int i = 0; i < lanes; ++i) paths.sum[i] = paths.weighted[i] = paths.timed[i] = paths.motion[i] = paths.motions[i] = 0;
}

void step(PathLaw const& law, Paths& paths, float const* z, float sign, std::uint32_t number) {
  float const count = static_cast<float>(number);
  MUSTER_LANES
  for (int i = 0; i < lanes; ++i) {
    PathSums const to = next_fixing(law, {paths.sum[i], paths.weighted[i], paths.timed[i], paths.motion[i], paths.motions[i]}, z[i], sign, count);
    paths.motion[i] = to.motion;
    paths.motions[i] = to.motions;
    paths.sum[i] = to.sum;
    paths.weighted[i] = to.weighted;
    paths.timed[i] = to.timed;
  }
}

/// Adds what the first `count` paths come to.
void finish(PathLaw const& law, Paths const& paths, int count, std::int64_t* sums) {
  LastFixing const last = last_fixing(law);
  float sum[lanes], weighted[lanes], timed[lanes], control[lanes], control_weighted[lanes];
  std::int32_t pays[lanes], counts[lanes], bad[lanes];
  MUSTER_LANES
  for (int i = 0; i < lanes; ++i) {
    PathEnd const end = end_of(law, last, {paths.sum[i], paths.weighted[i], paths.timed[i], paths.motion[i], paths.motions[i]}, i < count);
    pays[i] = end.is_paid ? 1 : 0;
    sum[i] = end.sum;
    weighted[i] = end.weighted;
    timed[i] = end.timed;
    counts[i] = end.is_counted ? 1 : 0;
    control[i] = end.control;
    control_weighted[i] = end.control_weighted;
    bad[i] = end.is_bad ? 1 : 0;
  }
  std::int64_t const all[label_sums] = {count_of(pays),   grid_sum(sum),     grid_sum(weighted),         grid_sum(timed),
                                        count_of(counts), grid_sum(control), grid_sum(control_weighted), count_of(bad)};
  for (std::size_t s = 0; s < label_sums; ++s) sums[s] += all[s];
}

/// One fixing to come: six pairs of paths an item.
void add_short(PathLaw const& law, std::uint64_t pairs, std::int64_t* sums) {
  float z[normals][lanes];
  Paths paths;
  for (std::uint64_t item = 0; item * normals < pairs; item += lanes) {
    draw_lanes(law, law.item + item, 0, z);
    for (std::uint64_t k = 0; k < normals; ++k) {
      // Pair 6 i + k is normal k of item i.
      std::uint64_t const items = (pairs + normals - 1 - k) / normals;
      if (items <= item) break;
      int const count = limited_lanes(items - item);
      for (float const sign : {1.0f, -1.0f}) {
        start(paths);
        step(law, paths, z[k], sign, 1);
        finish(law, paths, count, sums);
      }
    }
  }
}

void add_long(PathLaw const& law, std::uint64_t pairs, std::int64_t* sums) {
  float z[normals][lanes];
  Paths paths[2];
  for (std::uint64_t item = 0; item < pairs; item += lanes) {
    start(paths[0]);
    start(paths[1]);
    for (std::uint32_t s = 0; s < law.steps; ++s) {
      if (s % normals == 0) draw_lanes(law, law.item + item, s / normals, z);
      step(law, paths[0], z[s % normals], 1.0f, s + 1);
      step(law, paths[1], z[s % normals], -1.0f, s + 1);
    }
    for (Paths const& of : paths) finish(law, of, limited_lanes(pairs - item), sums);
  }
}

}  // namespace

void add_paths(PathLaw const& law, std::uint64_t pairs, std::int64_t* sums) {
  law.steps == 1 ? add_short(law, pairs, sums) : add_long(law, pairs, sums);
}

MUSTER_NETS_END
