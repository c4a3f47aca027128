// muster's own exp and log for set-up code outside the kernels: libm's differ between machines.
#pragma once

namespace muster::kernels {

/// As kernels/math/exp.hpp and log.hpp, the same bits everywhere.
double exact_exp(double x);
double exact_log(double x);

}  // namespace muster::kernels
