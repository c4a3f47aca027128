// The market of a job with everything built on it, made when it is first needed and shared by a process.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>

#include "jobs/bars.hpp"
#include "jobs/evolve/ground.hpp"

namespace muster::jobs::evolve {

class Scenery {
 public:
  Scenery(Params const& params, std::filesystem::path folder) : params_(params), folder_(std::move(folder)) {}
  /// How many threads may build; the most that was said counts.
  void allow(int threads) const;
  int threads() const { return threads_; }
  std::filesystem::path const& folder() const { return folder_; }
  /// Only where the objective is traded, like the field.
  io::Bars const& bars() const;
  /// With features and all that judging takes; much more work than the bars.
  Field const& field() const;
  Ground const& ground() const;

 private:
  void open() const;
  void build() const;

  Params const& params_;
  std::filesystem::path const folder_;
  mutable std::atomic<int> threads_ = 1;
  mutable std::once_flag is_open_, is_built_;
  mutable KnownBarsPtr bars_;
  mutable std::unique_ptr<Field> field_;
  mutable std::unique_ptr<Ground> ground_;
};

}  // namespace muster::jobs::evolve
