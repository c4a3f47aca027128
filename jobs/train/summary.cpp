// What a train job tells on the terminal.
#include <fmt/core.h>

#include <algorithm>

#include "core/text.hpp"
#include "jobs/rows.hpp"
#include "jobs/train/parse.hpp"
#include "jobs/train/reconstruction.hpp"
#include "jobs/train/schedule.hpp"
#include "jobs/train/sweep.hpp"
#include "jobs/train/tables.hpp"

namespace muster::jobs::train {
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

/// The best combinations of a sweep.
std::string sweep_text(Params const& params, Table const* sweep) {
  if (sweep == nullptr) return {};
  constexpr std::size_t most = 8;
  auto text = std::string("\n  of the sweep, the best first:\n ");
  std::vector<std::string> names;
  for (auto const& [key, value] : settings_of(params.sweep, 0)) names.push_back(key);
  for (auto const& name : names) text += fmt::format(" {:>13}", name);
  text += "   validation\n";
  auto const& validation = column<double>(*sweep, "validation");
  for (std::size_t i = 0; i < std::min(most, validation.size()); ++i) {
    text += " ";
    for (auto const& name : names) text += fmt::format(" {:>13.6g}", column<double>(*sweep, name)[i]);
    text += fmt::format("   {:.4e}{}\n", validation[i], column<std::int64_t>(*sweep, "is_kept")[i] == 1 ? ", kept" : "");
  }
  return text;
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
  bool const has_baseline = run_count(params) > own_run_count(params);
  auto const runs = run_count(params) == 1 ? "" : fmt::format("  of {} networks{} the best by validation\n", own_run_count(params),
                                                              has_baseline ? ", and as many of prices alone," : "");
  auto const from = network.init_from.empty() ? "" : fmt::format("  it went on from {}, {} of its layers frozen\n", printable(network.init_from), network.frozen_layers);
  return head + runs + from + validations_text(params.model, validations) + sweep_text(params, find_table(tables, "sweep")) +
         (is_surrogate ? accuracy_text(params, find("accuracy")) + arbitrage_text(find_table(tables, "arbitrage")) : reconstruction_text(find("reconstruction")) + missed_text(find_table(tables, "runs"), find("reconstruction")));
}

}  // namespace muster::jobs::train
