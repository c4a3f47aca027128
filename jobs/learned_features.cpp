#include "jobs/learned_features.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace muster::jobs {
namespace {

using kernels::nets::Activation;

constexpr auto const& activations = kernels::nets::activation_names;

}  // namespace

std::string_view activation_name(Activation activation) { return activations[static_cast<std::size_t>(activation)]; }

std::int64_t available_after(io::BarInterval interval, std::int64_t time) { return time + static_cast<std::int64_t>(interval); }

void require_trained_on(io::Training const& training, io::Bars const& bars) {
  std::vector<std::string_view> const known(training.symbols.begin(), training.symbols.end());
  for (auto const& symbol : bars.symbols)
    MUSTER_REQUIRE(std::ranges::find(known, symbol) != known.end(),
                   "the bars have the symbol {}, which the network was not trained on (features of it would say nothing); leave it out of the "
                   "bar file, or train on it", printable(symbol));
}

Encoder encoder_of(io::FeatureFile const& file) {
  auto const at = std::ranges::find(activations, file.activation);
  MUSTER_REQUIRE(at != activations.end() && file.inputs.size() == bar_inputs,
                 "a network of activation \"{}\" and {} inputs a bar (this muster has silu, tanh, relu and {} inputs); make the feature "
                 "file with this version", printable(file.activation), file.inputs.size(), bar_inputs);
  Encoder encoder{file.window, {{file.widths.begin(), file.widths.end()}, static_cast<Activation>(at - activations.begin())}, file.parameters, {}};
  for (std::size_t i = 0; i < bar_inputs; ++i) encoder.scales[i] = {file.inputs[i].middle, file.inputs[i].half};
  return encoder;
}

std::vector<std::vector<float>> columns_of(std::vector<float> const& encoded, std::size_t bars, std::size_t symbols, std::size_t latents) {
  std::vector<std::vector<float>> columns(latents, std::vector<float>(bars * symbols));
  for (std::size_t symbol = 0; symbol < symbols; ++symbol)
    for (std::size_t bar = 0; bar < bars; ++bar)
      for (std::size_t i = 0; i < latents; ++i)
        columns[i][bar * symbols + symbol] = encoded[(symbol * bars + bar) * latents + i];
  return columns;
}

}  // namespace muster::jobs
