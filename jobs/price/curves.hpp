// Integrals of term structures; see Curve in params.hpp for their meaning.
#pragma once

#include "jobs/price/params.hpp"

namespace muster::jobs::price {

/// Integral of the rate or dividend yield from 0 to `years`: zero rate times time.
double integrated_rate(Curve const& curve, double years);
/// Integral of the squared volatility from 0 to `years`: Black volatility squared times time.
double integrated_variance(Curve const& curve, double years);

/// The value in force at time zero: what an integral loses first as time passes. A pillar at zero holds no time of
/// its own.
double front_value(Curve const& curve);

}  // namespace muster::jobs::price
