#include "kernels/math/exp.hpp"
#include "kernels/math/log.hpp"

MUSTER_KERNELS_BEGIN

double scalar_exp(double x);
double scalar_log(double x);
double scalar_exp(double x) { return exp(x); }
double scalar_log(double x) { return log(x); }

MUSTER_KERNELS_END
