// The one logger. Lines go to stderr so that tables and JSON own stdout.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>

namespace muster::log {

enum class Level { debug, info, warn, error, off };

/// `MUSTER_LOG=debug|info|warn|error|off` overrides the level given here.
void set_level(Level level);
/// Prefix of every line of this process, e.g. "rank 3 node07"; empty for a single process.
void set_origin(std::string_view origin);
void write(Level level, std::string_view message);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace muster::log
