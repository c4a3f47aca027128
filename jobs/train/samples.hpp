// Samples of a surrogate that come from a file.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>

#include "io/sample_file.hpp"
#include "jobs/train/dataset.hpp"
#include "jobs/train/params.hpp"

namespace muster::jobs::train {

/// The file that a job names, relative to `folder`. Throws Error (Exit::user), also where the job has another digest, and for a row
/// outside of its box.
io::SampleFile open_samples(Params const& params, std::filesystem::path const& folder);

/// Read when they are first needed, and shared by a process.
class SampleSource {
 public:
  SampleSource(Params const& params, std::filesystem::path folder) : params_(params), folder_(std::move(folder)) {}
  std::shared_ptr<Dataset const> data() const;

 private:
  Params const& params_;
  std::filesystem::path const folder_;
  mutable std::once_flag is_made_;
  mutable std::shared_ptr<Dataset const> data_;
};

}  // namespace muster::jobs::train
