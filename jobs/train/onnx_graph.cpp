#include "jobs/train/onnx_graph.hpp"

#include <fmt/core.h>

#include "jobs/train/contracts.hpp"
#include "jobs/train/outputs.hpp"
#include "jobs/train/parse.hpp"

namespace muster::jobs::train {
namespace {

using kernels::nets::Activation;
using Name = std::string;

/// Grows a model node by node; what a node gives is known by its name.
class Graph {
 public:
  explicit Graph(io::OnnxModel& model) : model_(model) {}

  Name node(std::string op, std::vector<Name> inputs, Name output = {}, std::vector<std::pair<std::string, std::int64_t>> attributes = {}) {
    if (output.empty()) output = fmt::format("{}_{}", op, model_.nodes.size());
    model_.nodes.push_back({std::move(op), std::move(inputs), output, std::move(attributes)});
    return output;
  }
  Name constant(Name name, std::vector<std::int64_t> dims, std::vector<double> values) { return keep(std::move(name), std::move(dims), std::move(values)); }
  Name indices(Name name, std::vector<std::int64_t> dims, std::vector<std::int64_t> values) { return keep(std::move(name), std::move(dims), std::move(values)); }
  /// Floats, made doubles where they are read.
  Name floats(Name const& name, std::vector<std::int64_t> dims, std::vector<float> values) {
    return node("Cast", {keep(name + "_float", std::move(dims), std::move(values))}, name, {{"to", io::onnx_double}});
  }
  Name number(double value) { return constant(fmt::format("number_{}", model_.constants.size()), {}, {value}); }

  Name add(Name const& a, Name const& b) { return node("Add", {a, b}); }
  Name sub(Name const& a, Name const& b) { return node("Sub", {a, b}); }
  Name mul(Name const& a, Name const& b) { return node("Mul", {a, b}); }
  Name product(Name const& a, Name const& b) { return node("MatMul", {a, b}); }

 private:
  template <class Values>
  Name keep(Name name, std::vector<std::int64_t> dims, Values values) {
    model_.constants.push_back({name, std::move(dims), std::move(values)});
    return name;
  }
  io::OnnxModel& model_;
};

/// What is carried forward, each [rows][width]: values with their first two derivatives by the scaled spot. The second is 0 where it
/// has no name.
struct Jet {
  Name value, first, second;
};

/// An activation of z with its derivatives; no bend: 0.
struct Curve {
  Name value, slope, bend;
};

class Builder {
 public:
  Builder(Params const& params, StoredNetwork const& network, io::OnnxModel& model)
      : network_(network), shape_(shape_of(params)), inputs_(inputs_of(params.contract)), graph_(model),
        one_(graph_.number(1)), two_(graph_.number(2)) {}

  void build(io::OnnxModel& model) {
    Jet jet = scaled_inputs();
    auto const places = kernels::nets::places_of(shape_);
    for (std::size_t l = 0; l < places.size(); ++l) {
      load(places[l], l);
      jet = through(jet, l);
      if (l + 1 == places.size()) break;
      auto const curve = curve_of(jet.value);
      slopes_.push_back(curve.slope);
      jet = bent(jet, curve);
    }
    auto const slopes = twin();
    for (auto const& output : outputs_of(inputs_)) {
      give(output, jet, slopes);
      model.outputs.push_back(output.name);
    }
  }

 private:
  Jet scaled_inputs() {
    auto const column = graph_.indices("column", {1}, {1});
    std::vector<Name> columns;
    std::vector<double> middles, halves, along(inputs_.size(), 0.0);
    for (auto const& input : inputs_) {
      columns.push_back(graph_.node("Unsqueeze", {input.name, column}));
      middles.push_back(input.middle);
      halves.push_back(input.half);
    }
    along[spot_input] = 1;
    auto const width = static_cast<std::int64_t>(inputs_.size());
    auto const raw = graph_.node("Concat", columns, "contracts", {{"axis", 1}});
    auto const off = graph_.sub(raw, graph_.constant("middles", {1, width}, middles));
    return {graph_.node("Div", {off, graph_.constant("halves", {1, width}, halves)}), graph_.constant("along_spot", {1, width}, along), {}};
  }

  void load(kernels::nets::LayerPlace const& place, std::size_t l) {
    auto const at = network_.parameters.begin();
    auto const part = [&](std::size_t first, std::size_t count) {
      return std::vector<float>(at + static_cast<std::ptrdiff_t>(first), at + static_cast<std::ptrdiff_t>(first + count));
    };
    std::int64_t const in = place.in, out = place.out;
    weights_.push_back(graph_.floats(fmt::format("weights_{}", l + 1), {in, out}, part(place.weights, std::size_t{place.in} * place.out)));
    biases_.push_back(graph_.floats(fmt::format("biases_{}", l + 1), {1, out}, part(place.biases, place.out)));
  }

  Jet through(Jet const& jet, std::size_t l) {
    auto const& weights = weights_[l];
    return {graph_.add(graph_.product(jet.value, weights), biases_[l]), graph_.product(jet.first, weights),
            jet.second.empty() ? Name{} : graph_.product(jet.second, weights)};
  }

  Curve curve_of(Name const& z) {
    switch (shape_.activation) {
      case Activation::silu: return silu(z);
      case Activation::tanh: return tanh(z);
      case Activation::relu: break;
    }
    auto const is_above = graph_.node("Greater", {z, graph_.number(0)});
    return {graph_.node("Relu", {z}), graph_.node("Cast", {is_above}, {}, {{"to", io::onnx_double}}), {}};
  }
  /// z s, s (1 + z (1 - s)), s (1 - s) (2 + z (1 - 2 s)) with s = 1 / (1 + e^-z).
  Curve silu(Name const& z) {
    auto const s = graph_.node("Sigmoid", {z}), rest = graph_.sub(one_, s);
    auto const inner = graph_.add(two_, graph_.mul(z, graph_.sub(one_, graph_.mul(two_, s))));
    return {graph_.mul(z, s), graph_.mul(s, graph_.add(one_, graph_.mul(z, rest))), graph_.mul(graph_.mul(s, rest), inner)};
  }
  Curve tanh(Name const& z) {
    auto const t = graph_.node("Tanh", {z}), slope = graph_.sub(one_, graph_.mul(t, t));
    return {t, slope, graph_.node("Neg", {graph_.mul(graph_.mul(two_, t), slope)})};
  }

  Jet bent(Jet const& jet, Curve const& curve) {
    Jet to{curve.value, graph_.mul(curve.slope, jet.first), {}};
    if (!jet.second.empty()) to.second = graph_.mul(curve.slope, jet.second);
    if (curve.bend.empty()) return to;
    auto const bend = graph_.mul(curve.bend, graph_.mul(jet.first, jet.first));
    to.second = to.second.empty() ? bend : graph_.add(to.second, bend);
    return to;
  }

  /// Derivatives of the output by the scaled inputs, [rows][inputs].
  Name twin() {
    Name adjoint;
    for (std::size_t l = weights_.size(); l-- > 0;) {
      auto const transposed = graph_.node("Transpose", {weights_[l]});
      adjoint = adjoint.empty() ? transposed : graph_.product(graph_.mul(adjoint, slopes_[l]), transposed);
    }
    return adjoint;
  }

  void give(Output const& output, Jet const& jet, Name const& slopes) {
    auto const& scale = network_.scale;
    double const half = inputs_[output.input].half;
    switch (output.kind) {
      case OutputKind::price:
        return finish(graph_.add(graph_.mul(jet.value, graph_.number(scale.deviation)), graph_.number(scale.mean)), output.name);
      case OutputKind::slope: return slope(output, slopes, scale.deviation / half);
      case OutputKind::fall: return slope(output, slopes, -scale.deviation / half);
      case OutputKind::bend: {
        // Pieces of straight lines: none.
        auto const second = jet.second.empty() ? graph_.mul(jet.value, graph_.number(0)) : jet.second;
        return finish(graph_.mul(second, graph_.number(scale.deviation / (half * half))), output.name);
      }
    }
  }
  void slope(Output const& output, Name const& slopes, double unit) {
    auto const which = graph_.indices(output.name + "_input", {1}, {static_cast<std::int64_t>(output.input)});
    finish(graph_.mul(graph_.node("Gather", {slopes, which}, {}, {{"axis", 1}}), graph_.number(unit)), output.name);
  }
  /// [rows][1] to [rows].
  void finish(Name const& matrix, Name const& name) { graph_.node("Squeeze", {matrix, "column"}, name); }

  StoredNetwork const& network_;
  kernels::nets::Shape const shape_;
  std::vector<Input> const inputs_;
  Graph graph_;
  Name const one_, two_;
  std::vector<Name> weights_, biases_, slopes_;
};

}  // namespace

io::OnnxModel onnx_model(Params const& params, StoredNetwork const& network) {
  auto const inputs = inputs_of(params.contract);
  io::OnnxModel model{.name = "surrogate", .description = "The price of a call of strike 1 and its Greeks, by a network that muster trained.",
                      .inputs = {}, .outputs = {}, .constants = {}, .nodes = {}, .properties = {}};
  for (auto const& input : inputs) {
    model.inputs.push_back(input.name);
    model.properties.emplace_back("input " + input.name, fmt::format("{}, from {} to {}", input.unit, input.middle - input.half, input.middle + input.half));
  }
  for (auto const& output : outputs_of(inputs)) model.properties.emplace_back("output " + output.name, output.unit);
  Builder(params, network, model).build(model);
  return model;
}

}  // namespace muster::jobs::train
