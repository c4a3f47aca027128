// A file that a log is appended to and that never grows past a bound.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace muster::log {

/// Past this the older half goes.
inline constexpr std::uint64_t most_log_bytes = std::uint64_t{1} << 20;

/// Lines of info and above go to this file, too, appended, with their time in full. False when it
/// cannot be written. Call before threads start.
bool also_to_file(std::filesystem::path const& path, std::string_view origin);
void no_file();

/// One writer. What cannot be written is lost: a log line is not worth a run.
class LogFile {
 public:
  /// Appends to what is there. A symbolic link is not followed.
  explicit LogFile(std::filesystem::path const& path);
  LogFile(LogFile const&) = delete;
  LogFile& operator=(LogFile const&) = delete;
  ~LogFile();
  bool is_open() const { return fd_ >= 0; }
  /// A whole line, its end included.
  void append(std::string_view line);

 private:
  void drop_older_half();
  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace muster::log
