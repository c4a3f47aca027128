// muster's own functions for set-up code outside the kernels: libm's differ between machines.
#pragma once

namespace muster::kernels {

/// As kernels/math/exp.hpp, log.hpp and normal.hpp, the same bits everywhere.
double exact_exp(double x);
double exact_log(double x);
double exact_norm_cdf(double x);
double exact_norm_inv(double p);

}  // namespace muster::kernels
