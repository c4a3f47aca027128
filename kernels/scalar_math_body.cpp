#include "kernels/math/exp.hpp"
#include "kernels/math/log.hpp"
#include "kernels/math/normal.hpp"

MUSTER_KERNELS_BEGIN

double scalar_exp(double x);
double scalar_log(double x);
double scalar_norm_cdf(double x);
double scalar_norm_inv(double p);
double scalar_exp(double x) { return exp(x); }
double scalar_log(double x) { return log(x); }
double scalar_norm_cdf(double x) { return norm_cdf(x); }
double scalar_norm_inv(double p) { return norm_inv(p); }

MUSTER_KERNELS_END
