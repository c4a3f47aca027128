// Labels of calls under Heston's model.
#pragma once

#include "kernels/nets/labels.hpp"

namespace muster::kernels::nets {

HestonTerms heston_terms(CallContract const& contract);

/// Of sums over paths: price and spot's part less the hedge, derivatives by v0, kappa, theta, xi and rho, values that no sum holds.
Label heston_label(CallContract const& contract, LabelSums const& sums, std::uint64_t pairs);

Label closed_heston_label(CallContract const& contract);

}  // namespace muster::kernels::nets
