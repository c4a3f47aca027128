#include "jobs/train/accuracy.hpp"

#include <algorithm>

#include "jobs/train/contracts.hpp"
#include "jobs/train/parse.hpp"
#include "kernels/nets/host_net.hpp"

namespace muster::jobs::train {
namespace {

namespace nets = kernels::nets;

/// The truth about test sample `at`: the closed form where there is one, else its label. A file may be of any model.
nets::Label truth_of(Params const& params, Network const& network, nets::CallContract const& contract, std::uint64_t at) {
  if (params.contract.type == ContractKind::european_call && params.data.file.empty()) return nets::closed_label(contract);
  nets::Label label{network.data->prices[at], {}};
  std::copy_n(network.data->test_slopes.begin() + static_cast<std::ptrdiff_t>(at * nets::label_slopes), nets::label_slopes, label.slopes.begin());
  return label;
}

/// Errors of one quantity.
struct Errors {
  std::vector<double> all;
  void add(double error) { all.push_back(error < 0 ? -error : error); }
  double root_mean_square() const {
    double sum = 0;
    for (double const e : all) sum += e * e;
    return all.empty() ? 0 : __builtin_sqrt(sum / static_cast<double>(all.size()));
  }
  /// The error that a share of them does not exceed.
  double quantile(double share) {
    if (all.empty()) return 0;
    auto const at = std::min(all.size() - 1, static_cast<std::size_t>(share * static_cast<double>(all.size())));
    std::ranges::nth_element(all, all.begin() + static_cast<std::ptrdiff_t>(at));
    return all[at];
  }
};

}  // namespace

Prediction predict(Params const& params, TargetScale const& scale, std::vector<float> const& parameters, std::vector<double> const& values) {
  auto const inputs = inputs_of(params.contract);
  auto const rows = values.size() / inputs.size();
  std::vector<float> scaled(values.size()), outputs(rows), slopes(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto const& input = inputs[i % inputs.size()];
    scaled[i] = static_cast<float>((values[i] - input.middle) / input.half);
  }
  nets::HostNet net(shape_of(params), nets::HostNet::Use::predict);
  net.load(parameters);
  net.predict(scaled, outputs, slopes);
  Prediction prediction;
  for (float const y : outputs) prediction.prices.push_back(scale.mean + scale.deviation * static_cast<double>(y));
  for (std::size_t i = 0; i < slopes.size(); ++i)
    prediction.slopes.push_back(static_cast<double>(slopes[i]) * scale.deviation / inputs[i % inputs.size()].half);
  return prediction;
}

Accuracy accuracy_of(Params const& params, Network const& network, std::vector<float> const& parameters) {
  constexpr std::size_t examples = 20;
  constexpr double short_years = 0.1;
  auto const inputs = inputs_of(params.contract);
  auto const count = params.data.test;
  auto const& values = network.data->test_values;
  auto const found = predict(params, network.data->scale, parameters, values);
  Errors price, delta_long;
  std::vector<Errors> slopes(inputs.size());
  Accuracy accuracy;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::vector<double> const own(values.begin() + static_cast<std::ptrdiff_t>(i * inputs.size()),
                                  values.begin() + static_cast<std::ptrdiff_t>((i + 1) * inputs.size()));
    auto const contract = contract_of(params.contract, own);
    auto const truth = truth_of(params, network, contract, i);
    price.add((found.prices[i] - truth.price) / contract.spot);
    for (std::size_t j = 0; j < inputs.size(); ++j)
      if (inputs[j].slope >= 0) slopes[j].add(found.slopes[i * inputs.size() + j] - truth.slopes[static_cast<std::size_t>(inputs[j].slope)]);
    if (contract.expiry_years > short_years) delta_long.add(found.slopes[i * inputs.size()] - truth.slopes[0]);
    if (i < examples) accuracy.examples.push_back({own, truth.price, found.prices[i], truth.slopes[0], found.slopes[i * inputs.size()]});
  }
  auto const put = [&](std::string name, std::string unit, double value, std::string help) {
    accuracy.figures.push_back({std::move(name), std::move(unit), value, std::move(help)});
  };
  put("price_rms", "spots", price.root_mean_square(), "root mean square error of the price");
  put("price_p999", "spots", price.quantile(0.999), "error that 999 of 1000 prices do not exceed");
  put("price_max", "spots", price.quantile(1), "largest error of a price");
  accuracy.knows_slopes = network.data->knows_slopes;
  if (!accuracy.knows_slopes) return accuracy;
  for (std::size_t j = 0; j < inputs.size(); ++j)
    if (inputs[j].slope >= 0) put(inputs[j].slope_name + "_rms", inputs[j].slope_unit, slopes[j].root_mean_square(), "of the derivative by the " + inputs[j].name);
  put("delta_rms_beyond_0.1_years", "1", delta_long.root_mean_square(), "of the derivative by the spot, expiries over 0.1 years");
  return accuracy;
}

}  // namespace muster::jobs::train
