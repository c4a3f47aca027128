// The doors from baseline code into the per-instruction-set copies: one declaration per copy.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "kernels/price/paths.hpp"

#define MUSTER_DECLARE_ISA(isa)                                 \
  namespace muster::kernels {                                   \
  inline namespace isa {                                        \
  std::unique_ptr<PathRunner> make_paths(PathPlan const& plan); \
  double scalar_exp(double x);                                  \
  float scalar_exp_single(float x);                             \
  double scalar_log(double x);                                  \
  double scalar_cos(double x);                                  \
  double scalar_norm_cdf(double x);                             \
  double scalar_norm_inv(double p);                             \
  void scalar_words(std::uint64_t seed, std::uint64_t item, std::uint32_t block, \
                    std::uint32_t stream, std::array<std::uint32_t, 4>& words);  \
  void scalar_normals(std::array<std::uint32_t, 4> const& words,                 \
                      std::array<double, 4>& normals);                           \
  }                                                             \
  }

MUSTER_DECLARE_ISA(v3)
MUSTER_DECLARE_ISA(v4)
MUSTER_DECLARE_ISA(generic)

// Calls `function` of the copy that this CPU runs.
#if defined(__x86_64__)
#define MUSTER_DISPATCH(function, ...)                                                              \
  (::muster::kernels::active_isa() == ::muster::kernels::Isa::v4 ? ::muster::kernels::v4::function(__VA_ARGS__) \
                                                                 : ::muster::kernels::v3::function(__VA_ARGS__))
#else
#define MUSTER_DISPATCH(function, ...) ::muster::kernels::generic::function(__VA_ARGS__)
#endif
