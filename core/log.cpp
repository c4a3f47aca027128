#include "core/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "core/log_file.hpp"

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

constexpr char const* time_on_terminal = "%H:%M:%S";
constexpr char const* time_in_file = "%Y-%m-%dT%H:%M:%SZ";

std::string pattern(char const* time, std::string_view origin) {
  return origin.empty() ? fmt::format("{} %l %v", time) : fmt::format("{} %l [{}] %v", time, origin);
}

class FileSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FileSink(std::filesystem::path const& path) : file_(path) {}
  bool is_open() const { return file_.is_open(); }

 protected:
  void sink_it_(spdlog::details::log_msg const& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    file_.append({line.data(), line.size()});
  }
  void flush_() override {}

 private:
  LogFile file_;
};

/// The logger passes on what any of its sinks wants.
struct Loggers {
  std::shared_ptr<spdlog::sinks::sink> terminal = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  std::shared_ptr<spdlog::logger> all = std::make_shared<spdlog::logger>("muster", terminal);

  Loggers() {
    terminal->set_pattern(pattern(time_on_terminal, {}));
    char const* wanted = std::getenv("MUSTER_LOG");
    set_terminal_level(wanted != nullptr ? spdlog::level::from_str(wanted) : spdlog::level::warn);
  }
  void set_terminal_level(spdlog::level::level_enum level) {
    terminal->set_level(level);
    auto least = level;
    for (auto const& sink : all->sinks()) least = std::min(least, sink->level());
    all->set_level(least);
  }
  void drop_files() { all->sinks().resize(1); }
};

Loggers& loggers() {
  static Loggers instance;
  return instance;
}

}  // namespace

void set_level(Level level) {
  if (std::getenv("MUSTER_LOG") == nullptr) loggers().set_terminal_level(to_spdlog(level));
}

void set_origin(std::string_view origin) {
  loggers().terminal->set_pattern(pattern(time_on_terminal, origin));
}

bool also_to_file(std::filesystem::path const& path, std::string_view origin) {
  auto& to = loggers();
  to.drop_files();
  auto const sink = std::make_shared<FileSink>(path);
  bool const is_open = sink->is_open();
  if (is_open) {
    sink->set_level(std::min(to.terminal->level(), spdlog::level::info));
    sink->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        pattern(time_in_file, origin), spdlog::pattern_time_type::utc));
    to.all->sinks().push_back(sink);
  }
  to.set_terminal_level(to.terminal->level());
  return is_open;
}

void no_file() {
  loggers().drop_files();
  loggers().set_terminal_level(loggers().terminal->level());
}

void write(Level level, std::string_view message) { loggers().all->log(to_spdlog(level), message); }

}  // namespace muster::log
