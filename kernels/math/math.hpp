// muster's own math functions, one text for CPU and GPU; see docs/methods/special-functions.md.
#pragma once

#include "kernels/math/atan2.hpp"
#include "kernels/math/base.hpp"
#include "kernels/math/bivariate.hpp"
#include "kernels/math/complex.hpp"
#include "kernels/math/erf.hpp"
#include "kernels/math/exp.hpp"
#include "kernels/math/log.hpp"
#include "kernels/math/normal.hpp"
#include "kernels/math/pow.hpp"
#include "kernels/math/trig.hpp"
