// Features that an autoencoder has learned, beside the indicators.
#pragma once

#include <filesystem>
#include <memory>

#include "io/bars.hpp"
#include "io/feature_file.hpp"
#include "jobs/evolve/params.hpp"
#include "jobs/evolve/spans.hpp"
#include "jobs/learned_features.hpp"
#include "kernels/backtest/features.hpp"

namespace muster::jobs::evolve {

class Learned {
 public:
  /// Throws Error (Exit::user) for a network that muster does not have.
  explicit Learned(io::FeatureFile file) : file_(std::move(file)), encoder_(encoder_of(file_)) {}
  io::FeatureFile const& file() const { return file_; }
  std::uint32_t count() const { return static_cast<std::uint32_t>(file_.latents.size()); }
  /// Fills the tables behind the indicators': of the file's values where the bars are its own, of the network's else. A feature of
  /// window w is the mean of the last w bars' values, each at most 1 either way; all of them must be there.
  void fill(io::Bars const& bars, kernels::backtest::Features& features, int threads) const;

 private:
  io::FeatureFile file_;
  Encoder encoder_;
};

/// The feature file of a job; null where it names none. Throws Error (Exit::user), also where a digest is given and the file has
/// another one.
std::shared_ptr<Learned const> open_learned(RuleSpace const& rules, std::filesystem::path const& folder);

/// Throws Error (Exit::user) for features of other bars, with gaps, of values that come too late, or of a network that has seen
/// bars which judge rules.
void require_fit(io::FeatureFile const& file, io::Bars const& bars, Spans const& spans);

/// Bars that a learned feature of this window needs.
constexpr std::uint32_t learned_look_back(RuleSpace const& rules, std::uint32_t window) {
  return static_cast<std::uint32_t>(rules.learned_window) + window;
}

}  // namespace muster::jobs::evolve
