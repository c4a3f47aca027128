#include "jobs/bars.hpp"

#include <chrono>
#include <mutex>

#include "core/error.hpp"
#include "core/instant.hpp"
#include "core/text.hpp"

namespace muster::jobs {

bool is_generated(std::string const& name) { return name.starts_with("synthetic:"); }

namespace {

/// The last market that was generated, if it is not large: a job is parsed, planned and computed, and each asks for it.
class Generated {
 public:
  io::Bars get(std::string const& name) {
    std::lock_guard const lock(mutex_);
    if (name == name_) return bars_;
    auto bars = io::open_bars(name);
    if (bars.cells() > most_cells) return bars;
    bars_ = bars;
    name_ = name;
    return bars;
  }

 private:
  static constexpr std::size_t most_cells = 1'000'000;
  std::mutex mutex_;
  std::string name_;
  io::Bars bars_;
};

Generated& generated() {
  static Generated last;
  return last;
}

}  // namespace

io::Bars open_bars(std::string const& name, std::string const& digest, std::filesystem::path const& folder) {
  auto bars = is_generated(name) ? generated().get(name) : io::open_bars((folder / name).string());
  auto const found = io::bars_digest(bars);
  MUSTER_REQUIRE(digest.empty() || digest == found,
                 "market.bars {} has the digest {:.16}..., the job was resolved with {:.16}... (other bars would give another "
                 "answer); bring back the file it was resolved with, or leave market.digest out",
                 printable(name), found, digest);
  return bars;
}

std::string bar_time(io::BarInterval interval, std::int64_t time) {
  auto const text = format_instant(Instant(std::chrono::seconds(time)));
  return interval == io::BarInterval::day ? text.substr(0, 10) : text;
}

}  // namespace muster::jobs
