#include "jobs/bar_inputs.hpp"

#include "core/wide.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::jobs {
namespace {

bool has_traded(io::Bars const& bars, std::size_t bar, std::size_t symbol) {
  return bars.status[bars.at(bar, symbol)] == io::BarStatus::traded;
}

bool counts(io::Bars const& bars, std::size_t bar, std::size_t symbol) {
  return bar > 0 && has_traded(bars, bar, symbol) && has_traded(bars, bar - 1, symbol);
}

/// 1 for a bar in which nothing changed hands, so that its logarithm is there.
double traded_value(io::Bars const& bars, std::size_t at) { return 1 + bars.volume[at] * bars.close[at]; }

void fill_bar(io::Bars const& bars, std::vector<double> const& factor, std::size_t bar, std::size_t symbol, double* to) {
  auto const now = bars.at(bar, symbol), before = bars.at(bar - 1, symbol);
  double const scale = factor[now] / (bars.close[before] * factor[before]);
  for (auto const* price : {&bars.open, &bars.high, &bars.low, &bars.close}) *to++ = kernels::exact_log((*price)[now] * scale);
  *to = kernels::exact_log(traded_value(bars, now) / traded_value(bars, before));
}

/// The mean of numbers below 2^`bits` by integers, each rounded once.
class ExactMean {
 public:
  explicit ExactMean(int bits) : exponent_(bits - 62), scale_(1.0 / static_cast<double>(std::int64_t{1} << bits) * 0x1p62) {}
  void add(double x) {
    sum_ += Int128(static_cast<std::int64_t>(x * scale_));
    count_ += 1;
  }
  double value() const { return count_ == 0 ? 0 : ratio_to_double(sum_, Wide<1>(count_), exponent_); }

 private:
  int exponent_;
  double scale_;
  Int128 sum_;
  std::int64_t count_ = 0;
};

/// visit(value) for an input of all bars that count in the range with the bar before.
template <class Visit>
void each_value(BarInputs const& inputs, std::size_t input, BarRange range, Visit visit) {
  for (std::size_t symbol = 0; symbol < inputs.symbols; ++symbol)
    for (std::size_t bar = range.first + 1; bar < range.last; ++bar)
      if (inputs.runs[inputs.at(symbol, bar)] > 0) visit(inputs.values[inputs.at(symbol, bar) * bar_inputs + input]);
}

InputScale scale_of(BarInputs const& inputs, std::size_t input, BarRange range) {
  // Prices and values are bounded (io/bars_rules.hpp): logarithms of their ratios stay below 2^7.
  ExactMean mean(7);
  each_value(inputs, input, range, [&](double x) { mean.add(x); });
  double const middle = mean.value();
  ExactMean square(15);
  each_value(inputs, input, range, [&](double x) { square.add((x - middle) * (x - middle)); });
  double const half = __builtin_sqrt(square.value());
  return {middle, half > 0 ? half : 1};
}

float scaled_value(double x, InputScale const& scale) {
  auto const value = static_cast<float>((x - scale.middle) / scale.half);
  return value > largest_input ? largest_input : value < -largest_input ? -largest_input : value;
}

}  // namespace

std::string_view bar_input_name(std::size_t input) {
  static constexpr std::array<std::string_view, bar_inputs> names{"open", "high", "low", "close", "value"};
  return names[input];
}

std::vector<std::uint32_t> runs_of(io::Bars const& bars) {
  std::vector<std::uint32_t> runs(bars.cells(), 0);
  for (std::size_t symbol = 0; symbol < bars.symbols.size(); ++symbol)
    for (std::size_t bar = 1; bar < bars.size(); ++bar) {
      auto const at = symbol * bars.size() + bar;
      if (counts(bars, bar, symbol)) runs[at] = runs[at - 1] + 1;
    }
  return runs;
}

BarInputs bar_inputs_of(io::Bars const& bars) {
  BarInputs inputs{bars.symbols.size(), bars.size(), std::vector<double>(bars.cells() * bar_inputs, 0.0), runs_of(bars)};
  auto const factor = io::forward_factor(bars);
  for (std::size_t symbol = 0; symbol < inputs.symbols; ++symbol)
    for (std::size_t bar = 1; bar < inputs.bars; ++bar)
      if (auto const at = inputs.at(symbol, bar); inputs.runs[at] > 0)
        fill_bar(bars, factor, bar, symbol, inputs.values.data() + at * bar_inputs);
  return inputs;
}

InputScales scales_of(BarInputs const& inputs, BarRange range) {
  InputScales scales;
  for (std::size_t input = 0; input < bar_inputs; ++input) scales[input] = scale_of(inputs, input, range);
  return scales;
}

std::vector<float> scaled(BarInputs const& inputs, InputScales const& scales) {
  std::vector<float> values(inputs.values.size(), 0.0f);
  for (std::size_t cell = 0; cell < inputs.runs.size(); ++cell)
    if (inputs.runs[cell] > 0)
      for (std::size_t input = cell * bar_inputs; input < (cell + 1) * bar_inputs; ++input)
        values[input] = scaled_value(inputs.values[input], scales[input % bar_inputs]);
  return values;
}

}  // namespace muster::jobs
