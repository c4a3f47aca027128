// F.h5.log as others see it: lines that are safe to print, whatever the file holds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace muster::cli {

/// Reads a log that grows, and loses its older half now and then.
class LogReader {
 public:
  explicit LogReader(std::filesystem::path const& output);
  /// The whole lines that came since the last call; at first all. Nothing when there is no log.
  std::optional<std::vector<std::string>> next();

 private:
  std::filesystem::path path_;
  std::string seen_;  ///< what was read last time
};

/// The newest lines of level warning or error, at most `count`, oldest first.
std::vector<std::string> last_warnings(std::filesystem::path const& output, std::size_t count);

/// The lines of `bytes` without control characters; an unfinished last one is left out.
std::vector<std::string> safe_lines(std::string_view bytes);

}  // namespace muster::cli
