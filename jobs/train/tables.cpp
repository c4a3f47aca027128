#include "jobs/train/tables.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/text.hpp"
#include "jobs/rows.hpp"
#include "jobs/train/accuracy.hpp"
#include "jobs/train/contracts.hpp"
#include "jobs/train/parse.hpp"
#include "jobs/train/repeats.hpp"
#include "jobs/train/reconstruction.hpp"
#include "jobs/train/schedule.hpp"

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

/// Errors of all networks that were taught, run by run; of the one that is kept where there is no other.
std::vector<Accuracy> accuracy_of_runs(Params const& params, Network const& network) {
  std::vector<Accuracy> all;
  for (auto const& run : network.learned) all.push_back(accuracy_of(params, network, *run.parameters));
  return all;
}

/// One figure of the runs [first, first + count).
std::vector<double> figure_of(std::vector<Accuracy> const& runs, std::size_t first, std::size_t count, std::size_t figure) {
  std::vector<double> values;
  for (std::size_t i = first; i < first + count; ++i) values.push_back(runs[i].figures[figure].value);
  return values;
}

/// Mean and spread of the repeats, and of the baseline with a verdict.
void put_spread(Params const& params, std::vector<Accuracy> const& runs, std::size_t figure, Rows& rows) {
  auto const repeats = params.network.repeats;
  auto const own = figure_of(runs, 0, repeats, figure);
  rows.put("mean", "1", spread_of(own).mean);
  rows.put("spread", "1", spread_of(own).deviation);
  if (params.network.baseline == Baseline::none) return;
  auto const baseline = figure_of(runs, repeats, repeats, figure);
  rows.put("baseline_mean", "1", spread_of(baseline).mean);
  rows.put("baseline_spread", "1", spread_of(baseline).deviation);
  rows.put("verdict", std::string(verdict_on(own, baseline)));
}

Table accuracy_table(Params const& params, Accuracy const& accuracy, std::vector<Accuracy> const& runs) {
  Rows rows("accuracy", "Errors on the test samples, which nothing was chosen by.");
  for (std::size_t i = 0; i < accuracy.figures.size(); ++i) {
    auto const& figure = accuracy.figures[i];
    rows.put("figure", figure.name);
    rows.put("value", "1", figure.value);
    rows.put("of", figure.unit);
    rows.put("meaning", figure.help);
    if (!runs.empty()) put_spread(params, runs, i, rows);
  }
  return rows.take();
}

Table runs_table(Params const& params, Network const& network, std::vector<Accuracy> const& accuracies) {
  Rows rows("runs", "Every network that was taught, with its errors on the test samples.");
  for (std::size_t i = 0; i < accuracies.size(); ++i) {
    auto const& run = network.learned[i];
    bool const has_slopes = params.training.slopes > 0 && i < params.network.repeats;
    rows.put("run", "1", std::uint64_t{i + 1});
    rows.put("learns", has_slopes ? "prices and derivatives" : "prices");
    rows.put("steps", "1", run.steps);
    rows.put("validation", "1", network.validations[run.best].total());
    for (auto const& figure : accuracies[i].figures) {
      auto name = figure.name;
      std::ranges::replace(name, '.', '_');  // columns are named in lower_snake
      rows.put(name, figure.unit, figure.value);
    }
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
  std::vector<Table> tables{accuracy_table(params, accuracy, runs)};
  if (!runs.empty()) tables.push_back(runs_table(params, network, runs));
  if (params.data.grid > 0) tables.push_back(arbitrage_table(params, network.findings));
  tables.insert(tables.end(), {validations_table(params, network), steps_table(params, network), examples_table(params, accuracy),
                               inputs_table(params, network), layers_table(params), parameters_table(network)});
  return tables;
}

std::vector<Table> make_tables(Params const& params, Network const& network, Windows const& windows) {
  auto tables = reconstruction_tables(params, network, windows);
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

namespace {

/// Of the validations: the first of the run that is kept, and how many it has.
std::pair<std::size_t, std::size_t> kept_run(Table const& validations) {
  auto const& is_best = column<std::int64_t>(validations, "is_best");
  if (validations.columns.front().name != "run") return {0, is_best.size()};
  auto const& runs = column<std::int64_t>(validations, "run");
  auto const [first, last] = std::ranges::equal_range(runs, runs[static_cast<std::size_t>(std::ranges::find(is_best, 1) - is_best.begin())]);
  return {static_cast<std::size_t>(first - runs.begin()), static_cast<std::size_t>(last - first)};
}

std::string validations_text(Model model, Table const& validations) {
  auto const& step = column<std::int64_t>(validations, "step");
  auto const& loss = column<double>(validations, "loss");
  auto const& slope_loss = column<double>(validations, "slope_loss");
  bool const has_slopes = model == Model::surrogate;
  auto text = has_slopes ? fmt::format("\n  {:>10} {:>12} {:>12}   validation\n", "step", "prices", "derivatives")
                         : fmt::format("\n  {:>10} {:>12}   validation\n", "step", "loss");
  constexpr std::size_t most = 6;
  auto const [first, count] = kept_run(validations);
  for (std::size_t i = 0; i < std::min(most, count); ++i) {
    auto const row = first + (count <= most ? i : i * (count - 1) / (most - 1));
    text += fmt::format("  {:>10} {:>12.4e}", step[row], loss[row]);
    text += has_slopes ? fmt::format(" {:>12.4e}\n", slope_loss[row]) : "\n";
  }
  return text;
}

/// Behind a figure of several networks.
std::string spread_text(NetworkChoice const& network, Table const& accuracy, std::size_t i) {
  auto const number = [&](std::string_view name) { return column<double>(accuracy, name)[i]; };
  auto const text = fmt::format(" of {}: mean {:.3e}, spread {:.1e}", network.repeats, number("mean"), number("spread"));
  if (network.baseline == Baseline::none) return text;
  return text + fmt::format("; prices alone {:.3e}: {}", number("baseline_mean"), column<std::string>(accuracy, "verdict")[i]);
}

std::string accuracy_text(Params const& params, Table const& accuracy) {
  auto text = fmt::format("\n  on {} contracts it has not seen:\n", params.samples.test);
  bool const has_spread = params.network.repeats > 1;
  for (std::size_t i = 0; i < column<double>(accuracy, "value").size(); ++i) {
    auto const& name = column<std::string>(accuracy, "figure")[i];
    text += fmt::format("  {:>10.3e} {:<18} ", column<double>(accuracy, "value")[i], column<std::string>(accuracy, "of")[i]);
    text += has_spread ? fmt::format("{:<26}{}\n", name, spread_text(params.network, accuracy, i)) : name + "\n";
  }
  return text;
}

std::string arbitrage_text(Table const* arbitrage) {
  if (arbitrage == nullptr) return {};
  auto text = fmt::format("\n  arbitrage, looked for on {} contracts of a grid:\n", human_count(static_cast<std::uint64_t>(column<std::int64_t>(*arbitrage, "points").front())));
  auto const& names = column<std::string>(*arbitrage, "rule");
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (column<std::int64_t>(*arbitrage, "points")[i] == 0) continue;
    text += fmt::format("  {:>10.3e} {:<18} {:<8} at worst; {:.3g} % of them\n", column<double>(*arbitrage, "worst")[i],
                        column<std::string>(*arbitrage, "of")[i], names[i], 100 * column<double>(*arbitrage, "share")[i]);
  }
  return text;
}

}  // namespace

std::string make_summary(Params const& params, std::vector<Table> const& tables) {
  auto const find = [&](std::string_view name) -> Table const& { return *find_table(tables, name); };
  auto const& validations = find("validations");
  auto const& is_best = column<std::int64_t>(validations, "is_best");
  auto const best = static_cast<std::size_t>(std::ranges::find(is_best, 1) - is_best.begin());
  bool const is_surrogate = params.model == Model::surrogate;
  auto const head = fmt::format("  {} parameters, {} steps of {} {}; the network of step {} is kept\n",
                                kernels::nets::parameter_count(shape_of(params)), column<std::int64_t>(find("steps"), "step").size(),
                                std::min(params.training.batch, params.samples.train), is_surrogate ? "samples" : "windows",
                                column<std::int64_t>(validations, "step")[best]);
  auto const& network = params.network;
  bool const has_baseline = run_count(params) > repeats_of(params);
  auto const runs = run_count(params) == 1 ? "" : fmt::format("  of {} networks{} the best by validation\n", repeats_of(params),
                                                              has_baseline ? ", and as many of prices alone," : "");
  auto const from = network.init_from.empty() ? "" : fmt::format("  it went on from {}, {} of its layers frozen\n", printable(network.init_from), network.frozen_layers);
  return head + runs + from + validations_text(params.model, validations) +
         (is_surrogate ? accuracy_text(params, find("accuracy")) + arbitrage_text(find_table(tables, "arbitrage")) : reconstruction_text(find("reconstruction")) + missed_text(find_table(tables, "runs"), find("reconstruction")));
}

}  // namespace muster::jobs::train
