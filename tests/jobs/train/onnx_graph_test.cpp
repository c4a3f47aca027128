// Exported graphs, evaluated node by node, against the network's own predictions.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "jobs/rows.hpp"
#include "jobs/train/onnx_graph.hpp"
#include "jobs/train/outputs.hpp"
#include "tests/jobs/train/jobs.hpp"

namespace muster::jobs::train {
namespace {

/// One, a column [rows], or a matrix [rows][columns]; all are kept as matrices.
struct Matrix {
  std::size_t rows = 1, columns = 1;
  std::vector<double> values;
  double at(std::size_t r, std::size_t c) const { return values[(rows == 1 ? 0 : r) * columns + (columns == 1 ? 0 : c)]; }
};

/// The operators that exports are made of, as their definitions say.
class Evaluator {
 public:
  Evaluator(io::OnnxModel const& model, std::map<std::string, Matrix> inputs) : known_(std::move(inputs)) {
    for (auto const& constant : model.constants) keep(constant);
    for (auto const& node : model.nodes) known_[node.output] = result_of(node);
  }
  Matrix const& operator[](std::string const& name) const { return known_.at(name); }

 private:
  void keep(io::OnnxTensor const& constant) {
    Matrix made;
    if (constant.dims.size() == 2) made.rows = static_cast<std::size_t>(constant.dims[0]);
    if (!constant.dims.empty()) made.columns = static_cast<std::size_t>(constant.dims.back());
    std::visit([&](auto const& values) { made.values.assign(values.begin(), values.end()); }, constant.values);
    ASSERT_EQ(made.values.size(), made.rows * made.columns) << constant.name;
    known_[constant.name] = made;
  }
  template <class Work>
  static Matrix filled(std::size_t rows, std::size_t columns, Work work) {
    Matrix made{rows, columns, {}};
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c) made.values.push_back(work(r, c));
    return made;
  }
  template <class Work>
  static Matrix each(Matrix const& a, Matrix const& b, Work work) {
    return filled(std::max(a.rows, b.rows), std::max(a.columns, b.columns), [&](std::size_t r, std::size_t c) { return work(a.at(r, c), b.at(r, c)); });
  }
  template <class Work>
  static Matrix each(Matrix const& a, Work work) {
    return each(a, a, [&](double x, double) { return work(x); });
  }
  static Matrix product(Matrix const& a, Matrix const& b) {
    EXPECT_EQ(a.columns, b.rows);
    return filled(a.rows, b.columns, [&](std::size_t r, std::size_t c) {
      double sum = 0;
      for (std::size_t k = 0; k < a.columns; ++k) sum += a.at(r, k) * b.at(k, c);
      return sum;
    });
  }
  Matrix result_of(io::OnnxNode const& node) const {
    std::vector<Matrix> in;
    for (auto const& name : node.inputs) in.push_back(known_.at(name));
    auto const& op = node.op;
    if (op == "Add") return each(in[0], in[1], std::plus<>());
    if (op == "Sub") return each(in[0], in[1], std::minus<>());
    if (op == "Mul") return each(in[0], in[1], std::multiplies<>());
    if (op == "Div") return each(in[0], in[1], std::divides<>());
    if (op == "Greater") return each(in[0], in[1], std::greater<>());
    if (op == "MatMul") return product(in[0], in[1]);
    if (op == "Sigmoid") return each(in[0], [](double x) { return 1 / (1 + std::exp(-x)); });
    if (op == "Tanh") return each(in[0], [](double x) { return std::tanh(x); });
    if (op == "Relu") return each(in[0], [](double x) { return std::max(x, 0.0); });
    if (op == "Neg") return each(in[0], std::negate<>());
    // Columns are matrices of one column here.
    if (op == "Cast" || op == "Unsqueeze" || op == "Squeeze") return in[0];
    if (op == "Transpose") return filled(in[0].columns, in[0].rows, [&](std::size_t r, std::size_t c) { return in[0].at(c, r); });
    if (op == "Concat") return filled(in[0].rows, in.size(), [&](std::size_t r, std::size_t c) { return in[c].at(r, 0); });
    EXPECT_EQ(op, "Gather");
    return filled(in[0].rows, 1, [&](std::size_t r, std::size_t) { return in[0].at(r, static_cast<std::size_t>(in[1].at(0, 0))); });
  }
  std::map<std::string, Matrix> known_;
};

struct Case {
  std::string_view job;
  std::vector<std::string> overrides;
};

class OnnxGraphs : public testing::TestWithParam<Case> {};

TEST_P(OnnxGraphs, give_what_the_network_predicts) {
  auto const params = params_of(GetParam().job, GetParam().overrides);
  auto const inputs = inputs_of(params.contract);
  std::mt19937 engine(3);
  std::uniform_real_distribution<double> draw(-1, 1);
  StoredNetwork network{{0.17, 0.23}, {}};
  for (std::size_t i = 0; i < kernels::nets::parameter_count(shape_of(params)); ++i) network.parameters.push_back(static_cast<float>(0.6 * draw(engine)));
  constexpr std::size_t rows = 25;
  std::vector<double> values;
  std::map<std::string, Matrix> given;
  for (std::size_t i = 0; i < rows; ++i)
    for (auto const& input : inputs) {
      values.push_back(input.middle + input.half * draw(engine));
      given[input.name].rows = rows;
      given[input.name].values.push_back(values.back());
    }
  auto const model = onnx_model(params, network);
  Evaluator const graph(model, given);
  auto const table = predictions_table(params, network, values);
  ASSERT_EQ(model.inputs.size(), inputs.size());
  ASSERT_EQ(model.outputs.size() + inputs.size(), table.columns.size());
  for (auto const& name : model.outputs) {
    auto const& wanted = column<double>(table, name);
    for (std::size_t i = 0; i < rows; ++i) EXPECT_NEAR(graph[name].at(i, 0), wanted[i], 1e-12 * (1 + std::abs(wanted[i]))) << name << " of row " << i;
  }
  EXPECT_EQ(column<double>(table, "theta")[3], -column<double>(table, "by_expiry")[3]);
}

INSTANTIATE_TEST_SUITE_P(, OnnxGraphs, testing::Values(
    Case{asian_job, {}}, Case{price_job, {}}, Case{asian_job, {"network.activation=\"silu\"", "network.layers=4"}},
    Case{price_job, {"network.activation=\"silu\"", "network.width=1"}}, Case{price_job, {"network.layers=3"}}));

}  // namespace
}  // namespace muster::jobs::train
