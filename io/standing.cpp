#include "io/standing.hpp"

#include "io/result_file.hpp"
#include "io/run_files.hpp"

namespace muster::io {

Standing standing_of(std::filesystem::path const& output) {
  Standing standing;
  standing.lock = read_lock(lock_path(output));
  bool const is_alive =
      standing.lock && !is_gone(standing.lock->owner, this_process(), standing.lock->silent_s);
  standing.saved = read_saved_run(output);
  std::error_code ignored;
  // The state is removed once the result is complete, so while it is there the run is not over.
  bool const has_open_state = standing.saved && standing.saved->verdict != Exit::done;
  if (!has_open_state && std::filesystem::exists(output, ignored)) {
    standing.saved.reset();
    standing.verdict = read_result(output).verdict;
  } else if (has_open_state) {
    standing.verdict = standing.saved->verdict;
  }
  standing.is = standing.verdict ? Standing::Is::over
                : is_alive       ? Standing::Is::running
                : standing.saved ? Standing::Is::interrupted
                                 : Standing::Is::nothing;
  return standing;
}

int exit_code(Standing const& standing) {
  return static_cast<int>(standing.verdict.value_or(Exit::stopped));
}

}  // namespace muster::io
