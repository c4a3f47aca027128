#include <unistd.h>

#include <cstdio>

#include "cli/dispatch.hpp"
#include "cli/processor.hpp"
#include "comm/transport.hpp"

int main(int count, char** arguments) {
  if (auto const refusal = muster::cli::why_processor_is_refused(); !refusal.empty()) {
    std::fprintf(stderr, "muster: %s\n", refusal.c_str());
    return 3;
  }
  int const code = muster::cli::run_command_line(count, arguments);
  if (!muster::comm::must_leave_at_once()) return code;
  std::fflush(nullptr);
  ::_exit(code);
}
