// Windows of bars as samples of an autoencoder.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "io/bars.hpp"
#include "jobs/bar_inputs.hpp"
#include "jobs/train/dataset.hpp"
#include "jobs/train/params.hpp"

namespace muster::jobs::train {

/// Train, validation and test, one after the other.
inline constexpr std::size_t span_count = 3;
inline constexpr std::array<std::string_view, span_count> span_names{"train", "validation", "test"};
std::array<BarRange, span_count> spans_of(SpanChoice const& choice, std::size_t bars);

/// Windows of each span, none of which reaches into another. Throws Error (Exit::user) for a span without any; only the test
/// span may have no bars at all.
SampleCounts count_windows(Params const& params, io::Bars const& bars);

/// What a job makes of its bars.
struct Windows {
  io::BarInterval interval = io::BarInterval::day;
  std::vector<std::string> symbols;
  std::vector<std::int64_t> times;
  std::array<BarRange, span_count> spans;
  InputScales scales;
  std::shared_ptr<Dataset const> data;
};
Windows make_windows(Params const& params, io::Bars const& bars);

/// Made when they are first needed, and shared by a process.
class WindowSource {
 public:
  WindowSource(Params const& params, std::filesystem::path folder) : params_(params), folder_(std::move(folder)) {}
  Windows const& windows() const;

 private:
  Params const& params_;
  std::filesystem::path const folder_;
  mutable std::once_flag is_made_;
  mutable Windows windows_;
};

}  // namespace muster::jobs::train
