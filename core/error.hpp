// Errors: one message for people, one exit code for scripts, and whether trying again can help.
#pragma once

#include <fmt/core.h>

#include <exception>
#include <string>
#include <utility>

namespace muster {

/// Process exit codes; also the verdict stored in a run's durable state.
enum class Exit : int {
  done = 0,
  user = 2,         ///< job file, arguments or data are at fault
  environment = 3,  ///< no space, no device, no library
  job_failed = 4,   ///< the computation itself failed (NaN, out of range)
  bug = 70,         ///< muster's own fault
  stopped = 75,     ///< stopped in good order; run again to resume
};

/// Can the same operation succeed if tried again unchanged?
enum class Retry { useless, may_help };

/// The one exception type. `what()` is the whole message: problem (why it matters); what to do.
class Error : public std::exception {
 public:
  Error(Exit code, std::string message, Retry retry = Retry::useless)
      : code_(code), retry_(retry), message_(std::move(message)) {}
  char const* what() const noexcept override { return message_.c_str(); }
  Exit code() const noexcept { return code_; }
  Retry retry() const noexcept { return retry_; }

 private:
  Exit code_;
  Retry retry_;
  std::string message_;
};

template <class... Args>
[[noreturn]] void throw_error(Exit code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

[[noreturn]] void throw_assertion(char const* condition, char const* file, int line, std::string detail);

}  // namespace muster

/// What a user can cause; always on. MUSTER_REQUIRE(paths > 0, "price.paths = {} (must be ...); ...", paths)
#define MUSTER_REQUIRE(condition, ...)                                       \
  do {                                                                       \
    if (!(condition)) ::muster::throw_error(::muster::Exit::user, __VA_ARGS__); \
  } while (false)

/// What the machine can cause: disks, devices, libraries; always on.
#define MUSTER_REQUIRE_ENV(condition, ...)                                           \
  do {                                                                               \
    if (!(condition)) ::muster::throw_error(::muster::Exit::environment, __VA_ARGS__); \
  } while (false)

/// What only a bug of ours can cause; always on. Optional fmt arguments follow the condition.
#define MUSTER_ASSERT(condition, ...)                                                   \
  do {                                                                                  \
    if (!(condition))                                                                   \
      ::muster::throw_assertion(#condition, __FILE__, __LINE__, ::fmt::format("" __VA_ARGS__)); \
  } while (false)
