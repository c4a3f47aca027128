// The journal of looks: who has judged by bars that no search may see (docs/formats/looks.md).
#pragma once

#include "cli/job_file.hpp"
#include "io/result_file.hpp"

namespace muster::cli {

/// Before anything is computed. Throws Error (Exit::user) for a journal that cannot be read.
void check_journal(jobs::Job const& job);

/// Counts the look that `result` is, and gives it the table of all looks at the same bars. Where the journal cannot be
/// written it warns, and the table says so.
void count_look(jobs::Job const& job, io::Result& result);

}  // namespace muster::cli
