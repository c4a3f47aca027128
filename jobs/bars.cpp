#include "jobs/bars.hpp"

#include <chrono>

#include "core/error.hpp"
#include "core/instant.hpp"
#include "core/text.hpp"

namespace muster::jobs {

bool is_generated(std::string const& name) { return name.starts_with("synthetic:"); }

io::Bars open_bars(std::string const& name, std::string const& digest, std::filesystem::path const& folder) {
  auto bars = io::open_bars(is_generated(name) ? name : (folder / name).string());
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
