// Geometric Asian options: the average is lognormal, so Black's formula (fixed strike) or Margrabe's
// (floating strike) is exact. Kemna and Vorst (1990) for the continuous average.
#pragma once

#include "kernels/closed/european.hpp"

MUSTER_KERNELS_BEGIN

/// Geometric average against a strike or against the asset.
MUSTER_COLD_FN Greeks geometric_greeks(GeometricInput const& in) {
  bool good = is_positive(in.spot) && in.spot_share >= 0.0 && in.spot_share <= 1.0 &&
              is_not_negative(in.strike) && is_not_negative(in.variance.value) &&
              is_not_negative(in.asset_variance.value) && is_bounded(in.mean.value, 700.0) &&
              is_bounded(in.rate.value, 700.0) && is_bounded(in.dividend.value, 700.0) &&
              is_bounded(in.covariance.value, 1e150) && in.fixings >= 1.0;
  double past = 0.0;
  for (decltype(in.past_count) i = 0; i < in.past_count; ++i) {
    good = good && is_positive(in.past[i]);
    past += log(in.past[i]);
  }
  if (!good) return no_greeks(ClosedStatus::invalid_input);

  AssetDual const spot = AssetDual::variable(in.spot, by_spot);
  AssetDual const discount = exp(-asset_dual(in.rate));
  AssetDual const variance = asset_dual(in.variance);
  AssetDual const log_mean = in.spot_share * log(spot) + past / in.fixings + asset_dual(in.mean);
  AssetDual const average = discount * exp(log_mean + 0.5 * variance);  // present value of E[G]
  double const side = in.is_call ? 1.0 : -1.0;
  if (!in.is_floating) return to_greeks(black_value(average, in.strike * discount, variance, side));
  // Under the asset's measure ln G moves by its covariance with the asset; what counts is the variance of
  // the ratio.
  AssetDual const asset = spot * exp(-asset_dual(in.dividend));
  AssetDual const ratio =
      variance + asset_dual(in.asset_variance) - 2.0 * asset_dual(in.covariance);
  return to_greeks(black_value(asset, average, ratio, side));
}

MUSTER_KERNELS_END
