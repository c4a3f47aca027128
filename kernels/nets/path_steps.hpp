// One path of a label, step by step, for lanes of a CPU and threads of a GPU.
#pragma once

#include "kernels/math/exp.hpp"
#include "kernels/nets/config.hpp"
#include "kernels/nets/labels.hpp"
#include "kernels/sums/quantize.hpp"

MUSTER_NETS_BEGIN

/// Normals of a block of random words; with one fixing to come, each begins a pair of paths of its own.
inline constexpr int label_normals = 6;

/// Sums over the future fixings so far.
struct PathSums {
  float sum;       ///< of the spots
  float weighted;  ///< of spot times the Brownian motion, in steps
  float timed;     ///< of spot times the number of the fixing
  float motion;    ///< the Brownian motion
  float motions;   ///< the sum of it over the fixings
};

/// To the fixing `number`, by the normal `z`, or its opposite where `sign` is -1.
MUSTER_FN PathSums next_fixing(PathLaw const& law, PathSums const& path, float z, float sign, float number) {
  float const motion = fma(sign, z, path.motion);
  float const spot = law.spot * exp(fma(law.diffusion, motion, law.drift * number));
  return {path.sum + spot, fma(spot, motion, path.weighted), fma(spot, number, path.timed), motion, path.motions + motion};
}

/// What all paths of a law share at their end.
struct LastFixing {
  float share;       ///< 1 / steps
  float mean_drift;  ///< of the geometric average's logarithm
  float geometric_past;
};
MUSTER_FN LastFixing last_fixing(PathLaw const& law) {
  float const steps = static_cast<float>(law.steps);
  return {1.0f / steps, law.drift * (0.5f * (steps + 1.0f)), law.steps == 1 ? -1.0f : law.geometric_past};
}

/// What a path adds to the label's sums.
struct PathEnd {
  bool is_paid, is_counted, is_bad;
  float sum, weighted, timed, control, control_weighted;
};
MUSTER_FN PathEnd end_of(PathLaw const& law, LastFixing const& last, PathSums const& path, bool is_here) {
  float const motion = path.motions * last.share, average = law.spot * exp(fma(law.diffusion, motion, last.mean_drift));
  bool const is_paid = is_here & (path.sum > law.past), is_counted = is_here & (average > last.geometric_past);
  // The largest of all that was added; false for NaN.
  float const size = abs(path.weighted) + path.timed + abs(average * motion) + average;
  return {is_paid,
          is_counted,
          static_cast<bool>(is_here & !(size < 0x1p22f)),
          is_paid ? path.sum : 0.0f,
          is_paid ? path.weighted : 0.0f,
          is_paid ? path.timed : 0.0f,
          is_counted ? average : 0.0f,
          is_counted ? average * motion : 0.0f};
}

/// On the labels' grid: the bits of a double, of which rounding_magic_bits are not the value's.
MUSTER_FN std::uint64_t label_bits_of(float x) {
  constexpr double scale = double(1 << label_bits);
  return to_bits(fma(static_cast<double>(x), scale, rounding_magic));
}

MUSTER_NETS_END
