#include "jobs/bars.hpp"

#include <chrono>
#include <mutex>
#include <optional>

#include "core/error.hpp"
#include "core/instant.hpp"
#include "core/text.hpp"
#include "io/file_descriptor.hpp"

namespace muster::jobs {

bool is_generated(std::string const& name) { return name.starts_with("synthetic:"); }

namespace {

/// The bars that were asked for last, as long as their file is the same.
class LastBars {
 public:
  KnownBarsPtr get(std::string const& name) {
    std::lock_guard const lock(mutex_);
    auto const file = is_generated(name) ? std::nullopt : io::identity_of(std::filesystem::path(name));
    if (last_ && name == name_ && file == file_) return last_;
    last_ = nullptr;
    last_ = read(name);
    name_ = name;
    file_ = file;
    return last_;
  }

 private:
  static KnownBarsPtr read(std::string const& name) {
    KnownBars known{io::open_bars(name), {}};
    known.digest = io::bars_digest(known.bars);
    return std::make_shared<KnownBars const>(std::move(known));
  }

  std::mutex mutex_;
  std::string name_;
  std::optional<io::FileIdentity> file_;
  KnownBarsPtr last_;
};

LastBars& last_bars() {
  static LastBars last;
  return last;
}

}  // namespace

KnownBarsPtr open_bars(std::string const& name, std::string const& digest, std::filesystem::path const& folder) {
  auto bars = last_bars().get(is_generated(name) ? name : (folder / name).string());
  MUSTER_REQUIRE(digest.empty() || digest == bars->digest,
                 "market.bars {} has the digest {:.16}..., the job was resolved with {:.16}... (other bars would give another "
                 "answer); bring back the file it was resolved with, or leave market.digest out",
                 printable(name), bars->digest, digest);
  return bars;
}

std::string bar_time(io::BarInterval interval, std::int64_t time) {
  auto const text = format_instant(Instant(std::chrono::seconds(time)));
  return interval == io::BarInterval::day ? text.substr(0, 10) : text;
}

}  // namespace muster::jobs
