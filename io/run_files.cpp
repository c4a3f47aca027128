#include "io/run_files.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "core/text.hpp"
#include "io/atomic_file.hpp"

namespace muster::io {
namespace {

namespace fs = std::filesystem;

fs::path beside(fs::path const& output, std::string const& ending) {
  fs::path path = output;
  path += ending;
  return path;
}

std::optional<std::uint64_t> plain_number(std::string_view text) {
  auto const number = parse_count(text);
  if (!number || fmt::format("{}", *number) != text) return std::nullopt;
  return number;
}

std::optional<std::uint32_t> epoch_of(std::string_view text) {
  auto const number = plain_number(text);
  if (!number || *number > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

}  // namespace

std::optional<StateNumber> parse_state_number(std::string_view text) {
  auto const point = text.find('.');
  if (point == std::string_view::npos) return std::nullopt;
  auto const epoch = epoch_of(text.substr(0, point));
  auto const sequence = plain_number(text.substr(point + 1));
  if (!epoch || !sequence) return std::nullopt;
  return StateNumber{*epoch, *sequence};
}

fs::path state_path(fs::path const& output, StateNumber number) {
  return beside(output, fmt::format(".state.{}.{}", number.epoch, number.sequence));
}
fs::path tiles_path(fs::path const& output, std::uint32_t epoch) {
  return beside(output, fmt::format(".tiles.{}", epoch));
}
fs::path lock_path(fs::path const& output) { return beside(output, ".lock"); }
fs::path stop_path(fs::path const& output) { return beside(output, ".stop"); }
fs::path log_path(fs::path const& output) { return beside(output, ".log"); }

std::uint32_t RunFiles::newest_epoch() const {
  return std::max(states.empty() ? 0 : states.back().epoch, tiles.empty() ? 0 : tiles.back());
}

RunFiles list_run_files(fs::path const& output) {
  std::string const states = output.filename().string() + ".state.";
  std::string const tiles = output.filename().string() + ".tiles.";
  RunFiles found;
  std::error_code code;
  for (auto at = fs::directory_iterator(directory_of(output), code);
       !code && at != fs::directory_iterator(); at.increment(code)) {
    std::string const name = at->path().filename().string();
    if (name.starts_with(states)) {
      auto const rest = std::string_view(name).substr(states.size());
      if (auto const number = parse_state_number(rest))
        found.states.push_back(*number);
      else if (rest.find(".tmp.") != std::string_view::npos)
        found.temporaries.push_back(at->path());
    } else if (name.starts_with(tiles)) {
      if (auto const epoch = epoch_of(std::string_view(name).substr(tiles.size())))
        found.tiles.push_back(*epoch);
    }
  }
  bool const is_missing =
      code == std::errc::no_such_file_or_directory || code == std::errc::not_a_directory;
  if (code && !is_missing) throw_file_error("list", directory_of(output), code.value());
  std::ranges::sort(found.states);
  std::ranges::sort(found.tiles);
  return found;
}

}  // namespace muster::io
