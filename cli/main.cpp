#include <cstdio>

#include "cli/dispatch.hpp"
#include "cli/processor.hpp"

int main(int count, char** arguments) {
  if (auto const refusal = muster::cli::why_processor_is_refused(); !refusal.empty()) {
    std::fprintf(stderr, "muster: %s\n", refusal.c_str());
    return 3;
  }
  return muster::cli::run_command_line(count, arguments);
}
