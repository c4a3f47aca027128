#include "cli/output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace muster::cli {

void print(std::string_view text) {
  errno = 0;
  bool const written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  MUSTER_REQUIRE_ENV(written, "standard output does not take the answer: {}; check where it is sent",
                     std::strerror(errno));
}

void answer(Form form, std::string_view text, Value const& json) {
  std::string all = form == Form::json ? json.dump() : std::string(text);
  if (!all.ends_with('\n')) all += '\n';
  print(all);
}

std::string_view word_for(Exit code) {
  switch (code) {
    case Exit::done: return "done";
    case Exit::user: return "user";
    case Exit::environment: return "environment";
    case Exit::job_failed: return "job_failed";
    case Exit::bug: return "bug";
    case Exit::stopped: return "stopped";
  }
  return "bug";
}

int report(Form form, Error const& error) noexcept {
  auto const code = static_cast<int>(error.code());
  try {
    if (form == Form::json) {
      auto const body = Value::object({{"code", code},
                                       {"kind", word_for(error.code())},
                                       {"message", error.what()},
                                       {"retry_may_help", error.retry() == Retry::may_help}});
      answer(form, "", Value::object({{"error", body}}));
      return code;
    }
  } catch (...) {
    // stdout is gone or memory is: the plain line below still tells the reason.
  }
  std::fprintf(stderr, "muster: %s\n", error.what());
  return code;
}

}  // namespace muster::cli
