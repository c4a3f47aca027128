#include "jobs/train/run_tables.hpp"

#include <algorithm>
#include <numeric>

#include "jobs/rows.hpp"
#include "jobs/train/repeats.hpp"
#include "jobs/train/schedule.hpp"
#include "jobs/train/sweep.hpp"

namespace muster::jobs::train {
namespace {

/// One figure of the runs [first, first + count).
std::vector<double> figure_of(std::vector<Accuracy> const& runs, std::size_t first, std::size_t count, std::size_t figure) {
  std::vector<double> values;
  for (std::size_t i = first; i < first + count; ++i) values.push_back(runs[i].figures[figure].value);
  return values;
}

/// Mean and spread of the repeats from run `first` on, and of the baseline with a verdict.
void put_spread(Params const& params, std::vector<Accuracy> const& runs, std::size_t first, std::size_t figure, Rows& rows) {
  auto const repeats = params.network.repeats;
  auto const own = figure_of(runs, first, repeats, figure);
  rows.put("mean", "1", spread_of(own).mean);
  rows.put("spread", "1", spread_of(own).deviation);
  if (params.network.baseline == Baseline::none) return;
  auto const baseline = figure_of(runs, repeats, repeats, figure);
  rows.put("baseline_mean", "1", spread_of(baseline).mean);
  rows.put("baseline_spread", "1", spread_of(baseline).deviation);
  rows.put("verdict", std::string(verdict_on(own, baseline)));
}

/// Validations of the repeats of a combination.
std::vector<double> validations_of(Params const& params, Network const& network, std::uint64_t combination) {
  auto const repeats = repeats_of(params);
  std::vector<double> values;
  for (std::uint64_t run = combination * repeats; run < (combination + 1) * repeats; ++run)
    values.push_back(network.validations[network.learned[run].best].total());
  return values;
}

/// Whose network is kept.
std::uint64_t kept_combination(Params const& params, Network const& network) {
  auto const kept = std::ranges::find(network.learned, network.best, &Learned::best) - network.learned.begin();
  return static_cast<std::uint64_t>(kept) / repeats_of(params) % combination_count(params.sweep);
}

}  // namespace

std::vector<Accuracy> accuracy_of_runs(Params const& params, Network const& network) {
  std::vector<Accuracy> all;
  for (auto const& run : network.learned) all.push_back(accuracy_of(params, network, *run.parameters));
  return all;
}

Table accuracy_table(Params const& params, Network const& network, Accuracy const& accuracy, std::vector<Accuracy> const& runs) {
  Rows rows("accuracy", "Errors on the test samples, which nothing was chosen by.");
  for (std::size_t i = 0; i < accuracy.figures.size(); ++i) {
    auto const& figure = accuracy.figures[i];
    rows.put("figure", figure.name);
    rows.put("value", "1", figure.value);
    rows.put("of", figure.unit);
    rows.put("meaning", figure.help);
    if (params.network.repeats > 1) put_spread(params, runs, kept_combination(params, network) * repeats_of(params), i, rows);
  }
  return rows.take();
}

Table runs_table(Params const& params, Network const& network, std::vector<Accuracy> const& accuracies) {
  Rows rows("runs", "Every network that was taught, with its errors on the test samples.");
  for (std::size_t i = 0; i < accuracies.size(); ++i) {
    auto const& run = network.learned[i];
    bool const has_slopes = params.training.slopes > 0 && i < own_run_count(params);
    rows.put("run", "1", std::uint64_t{i + 1});
    for (auto const& [key, value] : settings_of(params.sweep, i / repeats_of(params) % combination_count(params.sweep))) rows.put(key, "1", value);
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

Table sweep_table(Params const& params, Network const& network) {
  auto const count = combination_count(params.sweep);
  std::vector<Spread> found;
  for (std::uint64_t i = 0; i < count; ++i) found.push_back(spread_of(validations_of(params, network, i)));
  std::vector<std::uint64_t> order(count);
  std::iota(order.begin(), order.end(), std::uint64_t{0});
  std::ranges::stable_sort(order, {}, [&](std::uint64_t i) { return found[i].mean; });
  Rows rows("sweep", "Combinations that were tried, the best mean of their networks' best validations first.");
  for (auto const i : order) {
    for (auto const& [key, value] : settings_of(params.sweep, i)) rows.put(key, "1", value);
    rows.put("validation", "1", found[i].mean);
    rows.put("spread", "1", found[i].deviation);
    rows.put("first_run", "1", i * repeats_of(params) + 1);
    rows.put("is_kept", "1", std::uint64_t{i == kept_combination(params, network)});
  }
  return rows.take();
}

}  // namespace muster::jobs::train
