// The batch script of one job, or of an array of them: a pure function of what is asked for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/submit/request.hpp"

namespace muster::cli::submit {

/// One job file and where its result goes, both absolute.
struct Member {
  std::string job;
  std::string output;
};

struct Batch {
  std::string name;   ///< free text; Slurm gets what is harmless of it
  std::vector<Member> members;  ///< more than one: an array
  std::vector<std::string> run_options;  ///< for muster run behind the job file, --out aside
  std::string muster;    ///< path of the binary
  std::string launcher;  ///< "mpirun", "srun"; empty: chosen on the cluster
  std::string version;   ///< of muster
  NodeRange nodes;
  Share share;
  std::optional<std::int64_t> minutes;  ///< none: the partition's limit
  std::string account, partition, constraint;  ///< checked by slurm_word(); empty: none
  /// What submits one member again, for people: the words before the job file and --out.
  std::vector<std::string> again;
};

/// `word` for a shell: one word again, whatever bytes it holds (but NUL, which no word has).
std::string shell_quoted(std::string_view word);
/// A name of letters, digits, '_', '.', '-': "book 1/2" -> "book_1_2".
std::string harmless_name(std::string_view name);

/// The whole script: #SBATCH lines, what muster.sbatch is given, muster.sbatch's own body.
std::string batch_script(Batch const& batch);

/// The part of slurm/muster.sbatch that every script shares. In a generated source.
std::string_view batch_body();

}  // namespace muster::cli::submit
