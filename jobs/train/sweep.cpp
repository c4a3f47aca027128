#include "jobs/train/sweep.hpp"

#include <algorithm>
#include <array>

#include "jobs/train/schedule.hpp"

namespace muster::jobs::train {
namespace {

struct Key {
  char const* name;
  std::vector<double> SweepChoice::*values;
  double TrainingChoice::*of_training;
};
constexpr std::array<Key, 6> keys{{{"learning_rate", &SweepChoice::learning_rate, &TrainingChoice::learning_rate},
                                   {"final_rate", &SweepChoice::final_rate, &TrainingChoice::final_rate},
                                   {"momentum", &SweepChoice::momentum, &TrainingChoice::momentum},
                                   {"weight_decay", &SweepChoice::weight_decay, &TrainingChoice::weight_decay},
                                   {"clip_norm", &SweepChoice::clip_norm, &TrainingChoice::clip_norm},
                                   {"dropout", &SweepChoice::dropout, &TrainingChoice::dropout}}};

/// visit(key, value) of those with values.
template <class Visit>
void each_setting(SweepChoice const& sweep, std::uint64_t combination, Visit visit) {
  auto left = combination_count(sweep);
  for (auto const& key : keys) {
    auto const& values = sweep.*key.values;
    if (values.empty()) continue;
    left /= values.size();
    visit(key, values[combination / left % values.size()]);
  }
}

}  // namespace

bool has_dropout(Params const& params) {
  auto const& tried = params.sweep.dropout;
  return tried.empty() ? params.training.dropout > 0 : std::ranges::max(tried) > 0;
}

std::uint64_t combination_count(SweepChoice const& sweep) {
  std::uint64_t count = 1;
  for (auto const& key : keys) count *= std::max<std::size_t>(1, (sweep.*key.values).size());
  return count;
}

TrainingChoice training_of(Params const& params, std::uint64_t run) {
  auto training = params.training;
  auto const combination = run / repeats_of(params) % combination_count(params.sweep);
  each_setting(params.sweep, combination, [&](Key const& key, double value) { training.*key.of_training = value; });
  return training;
}

std::vector<std::pair<std::string, double>> settings_of(SweepChoice const& sweep, std::uint64_t combination) {
  std::vector<std::pair<std::string, double>> settings;
  each_setting(sweep, combination, [&](Key const& key, double value) { settings.emplace_back(key.name, value); });
  return settings;
}

}  // namespace muster::jobs::train
