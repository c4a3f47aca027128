// Slurm's own commands: started without a shell, heard to their end.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::cli::submit {

struct Spoken {
  int status = 0;  ///< exit status; 128 + n after signal n
  std::string out, err;
};

/// Runs `words` (the first is looked for on PATH) with `input` on its stdin. nullopt when there is no such
/// program. Throws Error (Exit::environment) when it cannot be started for another reason. What still runs after
/// `limit` is killed; what it has said until then counts. Zero is no limit.
std::optional<Spoken> run_program(std::vector<std::string> const& words, std::string_view input, std::chrono::milliseconds limit = {});

}  // namespace muster::cli::submit
