#include "jobs/train/dataset.hpp"

#include <algorithm>
#include <bit>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "jobs/train/contracts.hpp"
#include "kernels/sums/slots.hpp"

namespace muster::jobs::train {
namespace {

using kernels::nets::Label;
using kernels::nets::label_slopes;
using kernels::nets::label_sums;

double volatility_of(kernels::nets::CallContract const& contract) {
  return contract.heston.steps > 0 ? __builtin_sqrt(contract.heston.v0) : contract.volatility;
}

Label label_at(Params const& params, std::span<std::int64_t const> sums, std::uint64_t index) {
  kernels::nets::LabelSums own{};
  std::copy_n(sums.begin() + static_cast<std::ptrdiff_t>(index * label_sums), label_sums, own.begin());
  auto const contract = draw_contract(params.contract, params.seed, index);
  if (own[label_sums - 1] != 0)
    throw_error(Exit::job_failed,
                "sample {} (spot {}, expiry {}, volatility {}): {} of its paths leave the range of sums (a value over 2^22 strikes); "
                "narrow contract.spot, contract.expiry_years or contract.{}",
                index, contract.spot, contract.expiry_years, volatility_of(contract), own[label_sums - 1],
                contract.heston.steps > 0 ? "variance_volatility" : "volatility");
  return kernels::nets::label_of(contract, own, params.data.paths / 2);
}

TargetScale scale_of(std::vector<Label> const& labels, std::uint64_t count) {
  double sum = 0, square = 0;
  for (std::uint64_t i = 0; i < count; ++i) sum += labels[i].price;
  double const mean = sum / static_cast<double>(count);
  for (std::uint64_t i = 0; i < count; ++i) square += (labels[i].price - mean) * (labels[i].price - mean);
  double const deviation = __builtin_sqrt(square / static_cast<double>(count));
  return {mean, deviation > 0 ? deviation : 1};
}

/// Each derivative counts as much as the others, and all together `slopes` times what the prices do.
std::vector<float> slope_weights_of(Params const& params, Dataset const& set, std::vector<Input> const& inputs) {
  auto const differentiable = std::ranges::count_if(inputs, [](Input const& input) { return input.slope >= 0; });
  std::vector<float> weights(inputs.size(), 0.0f);
  for (std::size_t j = 0; j < inputs.size(); ++j) {
    if (inputs[j].slope < 0) continue;
    double square = 0;
    for (std::uint64_t i = 0; i < params.data.samples; ++i) square += static_cast<double>(set.slopes_of(i)[j]) * static_cast<double>(set.slopes_of(i)[j]);
    if (square > 0)
      weights[j] = static_cast<float>(params.training.slopes * static_cast<double>(params.data.samples) / (square * static_cast<double>(differentiable)));
  }
  return weights;
}

void fill_row(std::vector<Input> const& inputs, std::vector<double> const& values, Label const& label, TargetScale const& scale,
              std::uint64_t index, Dataset& set) {
  for (std::size_t j = 0; j < inputs.size(); ++j) {
    Input const& input = inputs[j];
    set.rows[index * inputs.size() + j] = static_cast<float>((values[j] - input.middle) / input.half);
    double const slope = input.slope < 0 ? 0 : label.slopes[static_cast<std::size_t>(input.slope)];
    set.slopes[index * inputs.size() + j] = static_cast<float>(slope * input.half / scale.deviation);
  }
  set.targets[index] = static_cast<float>((label.price - scale.mean) / scale.deviation);
}

/// Of a test sample, in its own units.
void keep_truth(std::vector<double> const& values, Label const& label, Dataset& set) {
  set.test_values.insert(set.test_values.end(), values.begin(), values.end());
  set.prices.push_back(label.price);
  set.test_slopes.insert(set.test_slopes.end(), label.slopes.begin(), label.slopes.end());
}

}  // namespace

std::shared_ptr<Dataset const> without_slopes(Dataset const& set) {
  auto made = std::make_shared<Dataset>(set);
  std::ranges::fill(made->slope_weights, 0.0f);
  return made;
}

Dataset make_dataset(Params const& params, Labelled const& samples, int threads) {
  auto const count = params.samples.total();
  auto const inputs = inputs_of(params.contract);
  Dataset set;
  set.inputs = static_cast<std::uint32_t>(inputs.size());
  // A stored network goes on in the units that it was taught.
  set.scale = params.start ? params.start->scale : scale_of(samples.labels, params.data.samples);
  set.rows.resize(count * inputs.size());
  set.slopes.resize(count * inputs.size());
  set.targets.resize(count);
  in_pieces(count, threads, [&](std::uint64_t first, std::uint64_t part) {
    for (std::uint64_t i = first; i < first + part; ++i) fill_row(inputs, samples.values(i), samples.labels[i], set.scale, i, set);
  });
  set.slope_weights = slope_weights_of(params, set, inputs);
  for (std::uint64_t i = count - params.data.test; i < count; ++i) keep_truth(samples.values(i), samples.labels[i], set);
  return set;
}

Dataset make_dataset(Params const& params, std::span<std::int64_t const> sums, int threads) {
  auto const count = params.samples.total();
  std::vector<Label> labels(count);
  in_pieces(count, threads, [&](std::uint64_t first, std::uint64_t part) {
    for (std::uint64_t i = first; i < first + part; ++i) labels[i] = label_at(params, sums, i);
  });
  auto const values = [&](std::uint64_t i) { return values_of(params.contract, draw_contract(params.contract, params.seed, i)); };
  return make_dataset(params, {std::move(labels), values}, threads);
}

}  // namespace muster::jobs::train
