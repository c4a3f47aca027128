#include "kernels/evolve/objectives_body.hpp"

#include "kernels/math/exp.hpp"
#include "kernels/math/trig.hpp"

MUSTER_KERNELS_BEGIN

namespace {

constexpr double two_pi = 0x1.921fb54442d18p2;

double sphere(double const* x, std::uint64_t genes) {
  double sum = 0;
  for (std::uint64_t i = 0; i < genes; ++i) sum += x[i] * x[i];
  return sum;
}

double rosenbrock(double const* x, std::uint64_t genes) {
  double sum = 0;
  for (std::uint64_t i = 0; i + 1 < genes; ++i) {
    double const valley = x[i] * x[i] - x[i + 1], along = x[i] - 1;
    sum += 100 * valley * valley + along * along;
  }
  return sum;
}

double rastrigin(double const* x, std::uint64_t genes) {
  double sum = 0;
  for (std::uint64_t i = 0; i < genes; ++i) sum += x[i] * x[i] + 10 * (1 - cos(two_pi * x[i]));
  return sum;
}

double ackley(double const* x, std::uint64_t genes) {
  double squares = 0, waves = 0;
  for (std::uint64_t i = 0; i < genes; ++i) {
    squares += x[i] * x[i];
    waves += cos(two_pi * x[i]);
  }
  auto const n = static_cast<double>(genes);
  return 20 * (1 - exp(-0.2 * sqrt(squares / n))) + (exp(1.0) - exp(waves / n));
}

}  // namespace

double objective_value(Objective objective, double const* x, std::uint64_t genes) {
  switch (objective) {
    case Objective::sphere: return sphere(x, genes);
    case Objective::rosenbrock: return rosenbrock(x, genes);
    case Objective::rastrigin: return rastrigin(x, genes);
    case Objective::ackley: return ackley(x, genes);
  }
  return 0;
}

MUSTER_KERNELS_END
