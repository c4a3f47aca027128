#include "cli/run_log.hpp"

#include <algorithm>

#include "core/log_file.hpp"
#include "io/run_files.hpp"
#include "io/small_file.hpp"
#include "io/text_rules.hpp"

namespace muster::cli {
namespace {

/// A log is bounded; a file of this name that is larger is none.
constexpr std::uint64_t most_bytes = 4 * log::most_log_bytes;

bool is_warning(std::string const& line) {
  auto const level = line.find(' ');
  if (level == std::string::npos) return false;
  auto const rest = std::string_view(line).substr(level + 1);
  return rest.starts_with("warning ") || rest.starts_with("error ");
}

}  // namespace

std::vector<std::string> safe_lines(std::string_view bytes) {
  std::vector<std::string> lines;
  for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
    lines.push_back(io::clean_text(bytes.substr(0, end)));
    std::erase(lines.back(), '\r');  // it would write over what stands before it
    bytes.remove_prefix(end + 1);
  }
  return lines;
}

LogReader::LogReader(std::filesystem::path const& output) : path_(io::log_path(output)) {}

std::optional<std::vector<std::string>> LogReader::next() {
  auto bytes = io::read_if_there(path_, most_bytes);
  if (!bytes) return std::nullopt;
  bytes->resize(bytes->rfind('\n') + 1);
  std::string_view fresh = *bytes;
  if (fresh.starts_with(seen_)) {
    fresh.remove_prefix(seen_.size());
  } else {
    // Its older half went: go on after the last line that was seen.
    auto const last = seen_.rfind('\n', seen_.size() - 2) + 1;
    auto const at = fresh.rfind(std::string_view(seen_).substr(last));
    if (at != std::string_view::npos) fresh.remove_prefix(at + seen_.size() - last);
  }
  auto lines = safe_lines(fresh);
  seen_ = std::move(*bytes);
  return lines;
}

std::vector<std::string> last_warnings(std::filesystem::path const& output, std::size_t count) {
  auto lines = LogReader(output).next().value_or(std::vector<std::string>{});
  std::erase_if(lines, [](std::string const& line) { return !is_warning(line); });
  if (lines.size() > count) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(count));
  return lines;
}

}  // namespace muster::cli
