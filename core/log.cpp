#include "core/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>

namespace muster::log {
namespace {

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
    case Level::off: return spdlog::level::off;
  }
  return spdlog::level::info;
}

spdlog::logger& logger() {
  static auto const instance = [] {
    auto made = std::make_shared<spdlog::logger>("muster", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%H:%M:%S %l %v");
    char const* wanted = std::getenv("MUSTER_LOG");
    made->set_level(wanted != nullptr ? spdlog::level::from_str(wanted) : spdlog::level::warn);
    return made;
  }();
  return *instance;
}

}  // namespace

void set_level(Level level) {
  if (std::getenv("MUSTER_LOG") == nullptr) logger().set_level(to_spdlog(level));
}

void set_origin(std::string_view origin) {
  logger().set_pattern(origin.empty() ? "%H:%M:%S %l %v" : fmt::format("%H:%M:%S %l [{}] %v", origin));
}

void write(Level level, std::string_view message) { logger().log(to_spdlog(level), message); }

}  // namespace muster::log
