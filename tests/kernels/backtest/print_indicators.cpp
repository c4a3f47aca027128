// Reads bars (high low close, a line each) and prints "name window bar value" for the windows in the arguments.
#include <cstdio>
#include <cstdlib>

#include "tests/kernels/backtest/indicator_values.hpp"

int main(int count, char** arguments) {
  muster::testing::Bars bars;
  double high = 0, low = 0, close = 0;
  while (std::scanf("%lf %lf %lf", &high, &low, &close) == 3) {
    bars.high.push_back(high);
    bars.low.push_back(low);
    bars.close.push_back(close);
  }
  for (int i = 1; i < count; ++i) {
    auto const window = static_cast<std::uint32_t>(std::strtoul(arguments[i], nullptr, 10));
    for (auto const& [name, values] : muster::testing::indicator_values(bars, window))
      for (std::size_t t = 0; t < values.size(); ++t)
        std::printf("%s %u %zu %.17g\n", name.c_str(), window, t, values[t]);
  }
}
