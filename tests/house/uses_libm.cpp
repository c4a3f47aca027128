// Breaks the rule, so that the test of the rule can be seen to fail.
#include <cmath>

double uses_libm(double x) { return std::exp(x); }
