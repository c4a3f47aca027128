#include <fmt/core.h>

#include "cli/commands.hpp"
#include "cli/safetensors.hpp"
#include "cli/stored_network.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "io/atomic_file.hpp"
#include "jobs/train/contracts.hpp"
#include "jobs/train/onnx_graph.hpp"
#include "jobs/train/outputs.hpp"
#include "jobs/train/parse.hpp"

namespace muster::cli {
namespace {

namespace train = jobs::train;
namespace nets = kernels::nets;
using Properties = std::vector<std::pair<std::string, std::string>>;

void require_new(std::filesystem::path const& target) {
  MUSTER_REQUIRE(!std::filesystem::exists(std::filesystem::symlink_status(target)),
                 "{} is there already (an export replaces nothing); remove it, or choose another name", target.string());
}

std::string onnx_of(LoadedNetwork const& loaded) {
  auto model = train::onnx_model(loaded.params, loaded.network);
  model.properties.emplace_back("result_digest", loaded.result_digest);
  return io::onnx_bytes(model);
}

/// As torch.nn.Sequential names its layers, activations between them, with weights as [outputs][inputs].
std::vector<Tensor> tensors_of(LoadedNetwork const& loaded) {
  auto const inputs = train::inputs_of(loaded.params.contract);
  std::vector<double> middles, halves;
  for (auto const& input : inputs) middles.push_back(input.middle), halves.push_back(input.half);
  middles.push_back(loaded.network.scale.mean);
  halves.push_back(loaded.network.scale.deviation);
  std::vector<Tensor> tensors{{"middle", {middles.size()}, middles}, {"half", {halves.size()}, halves}};
  auto const& parameters = loaded.network.parameters;
  std::size_t number = 0;
  for (auto const& place : nets::places_of(train::shape_of(loaded.params))) {
    auto const biases = parameters.begin() + static_cast<std::ptrdiff_t>(place.biases);
    tensors.push_back({fmt::format("{}.weight", number), {place.out, place.in}, nets::transposed(parameters, place)});
    tensors.push_back({fmt::format("{}.bias", number), {place.out}, std::vector<float>(biases, biases + place.out)});
    number += 2;
  }
  return tensors;
}

std::string activation_name(nets::Activation activation) {
  switch (activation) {
    case nets::Activation::silu: return "SiLU";
    case nets::Activation::tanh: return "Tanh";
    case nets::Activation::relu: return "ReLU";
  }
  return {};
}

std::string safetensors_of(LoadedNetwork const& loaded) {
  std::string inputs;
  for (auto const& input : train::inputs_of(loaded.params.contract)) inputs += fmt::format("{}{} [{}]", inputs.empty() ? "" : ", ", input.name, input.unit);
  return safetensors_bytes(tensors_of(loaded), {{"format", "pt"}, {"activation", activation_name(loaded.params.network.activation)},
                                                {"inputs", inputs}, {"output", "price [strikes]"}, {"result_digest", loaded.result_digest}});
}

void put(std::string_view kind, std::filesystem::path const& target, std::string const& bytes, std::string& said, Value& json) {
  io::write_file(target, bytes);
  said += fmt::format("{:<12} {}, {}\n", kind, target.string(), human_bytes(bytes.size()));
  json.set(std::string(kind), target.string());
}

Value names(auto const& all) {
  Value::Array array;
  for (auto const& item : all) array.push_back(Value::object({{"name", item.name}, {"unit", item.unit}}));
  return array;
}

}  // namespace

int cmd_export(ExportOptions const& options, Form form) {
  MUSTER_REQUIRE(!options.onnx.empty() || !options.safetensors.empty(),
                 "neither --onnx nor --safetensors is given (nothing would be written); name a file for one of them");
  auto const loaded = load_network(options.result);
  for (auto const* target : {&options.onnx, &options.safetensors}) require_new(*target);
  auto const inputs = train::inputs_of(loaded.params.contract);
  std::string said;
  auto json = Value::object({{"inputs", names(inputs)}, {"outputs", names(train::outputs_of(inputs))}});
  if (!options.onnx.empty()) put("onnx", options.onnx, onnx_of(loaded), said, json);
  if (!options.safetensors.empty()) put("safetensors", options.safetensors, safetensors_of(loaded), said, json);
  answer(form, said, json);
  return 0;
}

}  // namespace muster::cli
