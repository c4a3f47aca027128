#include "jobs/train/tables.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "jobs/rows.hpp"
#include "jobs/train/accuracy.hpp"
#include "jobs/train/contracts.hpp"
#include "jobs/train/parse.hpp"
#include "jobs/train/reconstruction.hpp"
#include "jobs/train/run_tables.hpp"
#include "jobs/train/schedule.hpp"
#include "jobs/train/sweep.hpp"

namespace muster::jobs::train {
namespace {

/// Where the steps and validations of each run begin; of one run alone no column tells it.
class Runs {
 public:
  Runs(Params const& params, Network const& network) : is_told_(run_count(params) > 1) {
    std::uint64_t steps = 0, validations = 0;
    for (auto const& run : network.learned) {
      steps_.push_back(steps += run.steps);
      validations_.push_back(validations += run.validations);
    }
  }
  /// Puts the run of step number `i` of all, and returns its number among the run's own.
  std::uint64_t put_step(std::uint64_t i, Rows& rows) const { return put(steps_, i, rows); }
  void put_validation(std::uint64_t i, Rows& rows) const { put(validations_, i, rows); }

 private:
  std::uint64_t put(std::vector<std::uint64_t> const& ends, std::uint64_t i, Rows& rows) const {
    auto const run = std::ranges::upper_bound(ends, i) - ends.begin();
    if (is_told_) rows.put("run", "1", static_cast<std::uint64_t>(run + 1));
    return run == 0 ? i : i - ends[static_cast<std::size_t>(run - 1)];
  }
  bool is_told_;
  std::vector<std::uint64_t> steps_, validations_;  ///< ends of the runs
};

Table steps_table(Params const& params, Network const& network) {
  Rows rows("steps", "Every step: mean losses of its samples in the network's units, and the gradient's length before it is clipped.");
  Runs const runs(params, network);
  for (std::size_t i = 0; i < network.history.size(); ++i) {
    auto const& step = network.history[i];
    auto const own = runs.put_step(i, rows);
    rows.put("step", "1", own + 1);
    rows.put("epoch", "1", own / steps_an_epoch(params) + 1);
    rows.put("loss", "1", step.loss);
    rows.put("slope_loss", "1", step.slope_loss);
    rows.put("gradient_norm", "1", step.norm);
    rows.put("learning_rate", "1", step.rate);
    rows.put("summed_again", "1", step.again);
  }
  return rows.take();
}

Table validations_table(Params const& params, Network const& network) {
  Rows rows("validations", "Mean losses of the validation samples; the network of the best one is kept.");
  Runs const runs(params, network);
  for (std::size_t i = 0; i < network.validations.size(); ++i) {
    runs.put_validation(i, rows);
    rows.put("step", "1", network.validations[i].step);
    rows.put("loss", "1", network.validations[i].loss);
    rows.put("slope_loss", "1", network.validations[i].slope_loss);
    rows.put("is_best", "1", std::uint64_t{i == network.best});
  }
  return rows.take();
}

Table examples_table(Params const& params, Accuracy const& accuracy) {
  Rows rows("predictions", "Some of the test samples.");
  auto const inputs = inputs_of(params.contract);
  for (auto const& example : accuracy.examples) {
    for (std::size_t j = 0; j < inputs.size(); ++j) rows.put(inputs[j].name, inputs[j].unit, example.values[j]);
    rows.put("price", "strikes", example.reference);
    rows.put("predicted_price", "strikes", example.predicted);
    if (accuracy.knows_slopes) rows.put("delta", "1", example.reference_delta);
    rows.put("predicted_delta", "1", example.predicted_delta);
  }
  return rows.take();
}

/// "spot 0.5, expiry 0.02, ..."
std::string place_text(ContractChoice const& choice, Grid const& grid, std::uint64_t point) {
  auto const inputs = inputs_of(choice);
  auto const values = grid.values(point).value_or(std::vector<double>(inputs.size()));
  std::string text;
  for (std::size_t j = 0; j < inputs.size(); ++j) text += fmt::format("{}{} {:.6g}", j > 0 ? ", " : "", inputs[j].name, values[j]);
  return text;
}

Table arbitrage_table(Params const& params, Findings const& findings) {
  Grid const grid(params.contract, params.data.grid);
  Rows rows("arbitrage", "What must hold whatever the model, on a grid of contracts; violations up to 1e-5 are not counted.");
  for (std::size_t r = 0; r < rule_count; ++r) {
    auto const& finding = findings[r];
    rows.put("rule", std::string(arbitrage_rules[r].name));
    rows.put("points", "1", finding.points);
    rows.put("violated", "1", finding.violated);
    rows.put("share", "1", finding.points > 0 ? static_cast<double>(finding.violated) / static_cast<double>(finding.points) : 0);
    rows.put("worst", "1", finding.worst);
    rows.put("of", std::string(arbitrage_rules[r].unit));
    rows.put("where", finding.violated > 0 ? place_text(params.contract, grid, finding.where) : "");
    rows.put("meaning", std::string(arbitrage_rules[r].meaning));
  }
  return rows.take();
}

Table inputs_table(Params const& params, Network const& network) {
  Rows rows("scaling", "What the network is given is (value - middle) / half; the price is the last row's middle + half * its output.");
  auto inputs = inputs_of(params.contract);
  inputs.push_back({"price", "strikes", network.data->scale.mean, network.data->scale.deviation, -1, {}, {}});
  for (auto const& input : inputs) {
    rows.put("name", input.name);
    rows.put("unit_of_it", input.unit);
    rows.put("middle", "1", input.middle);
    rows.put("half", "1", input.half);
  }
  return rows.take();
}

Table layers_table(Params const& params) {
  Rows rows("layers", "Where each layer's weights [inputs][outputs] and biases [outputs] begin among the parameters.");
  for (auto const& place : kernels::nets::places_of(shape_of(params))) {
    rows.put("inputs", "1", std::uint64_t{place.in});
    rows.put("outputs", "1", std::uint64_t{place.out});
    rows.put("first_weight", "1", std::uint64_t{place.weights});
    rows.put("first_bias", "1", std::uint64_t{place.biases});
  }
  return rows.take();
}

Table parameters_table(Network const& network) {
  auto const& all = *network.best_parameters;
  return {"parameters", "Of the network that is kept, layer after layer; each is a float.",
          {{"value", "1", std::vector<double>(all.begin(), all.end())}}};
}

}  // namespace

std::vector<Table> make_tables(Params const& params, Network const& network) {
  auto const accuracy = accuracy_of(params, network, *network.best_parameters);
  auto const runs = accuracy_of_runs(params, network);
  std::vector<Table> tables{accuracy_table(params, network, accuracy, runs)};
  if (!runs.empty()) tables.push_back(runs_table(params, network, runs));
  if (combination_count(params.sweep) > 1) tables.push_back(sweep_table(params, network));
  if (params.data.grid > 0) tables.push_back(arbitrage_table(params, network.findings));
  tables.insert(tables.end(), {validations_table(params, network), steps_table(params, network), examples_table(params, accuracy),
                               inputs_table(params, network), layers_table(params), parameters_table(network)});
  return tables;
}

std::vector<Table> make_tables(Params const& params, Network const& network, Windows const& windows) {
  auto tables = reconstruction_tables(params, network, windows);
  if (combination_count(params.sweep) > 1) tables.push_back(sweep_table(params, network));
  tables.insert(tables.end(), {validations_table(params, network), steps_table(params, network), layers_table(params), parameters_table(network)});
  return tables;
}

std::string progress_text(Params const& params, Network const& network) {
  if (network.phase == Phase::label) return "labels";
  if (network.phase == Phase::check) return "a grid for arbitrage";
  auto text = run_count(params) > 1 ? fmt::format("run {} of {}, ", network.run() + 1, run_count(params)) : "";
  text += fmt::format("step {} of {}", network.step, step_count(params));
  if (network.history.size() > 0) text += fmt::format(", loss {:.3g}", network.history[network.history.size() - 1].loss);
  if (!network.validations.empty()) text += fmt::format(", best validation {:.3g}", network.validations[network.best].total());
  return text;
}

}  // namespace muster::jobs::train
