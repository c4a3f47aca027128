#include "io/output.hpp"

#include <system_error>

#include "core/error.hpp"
#include "io/result_file.hpp"
#include "io/run_state.hpp"

namespace muster::io {
namespace {

bool is_there(std::filesystem::path const& path) {
  std::error_code code;
  return std::filesystem::status(path, code).type() != std::filesystem::file_type::not_found;
}

void require_same_job(Result const& result, std::filesystem::path const& output,
                      std::string const& job_hash, std::uint64_t arithmetic_version) {
  MUSTER_REQUIRE(result.job_hash == job_hash,
                 "{} belongs to another job: it holds the result of \"{}\", ended {} (it would be "
                 "replaced); choose another --out, or replace it with --fresh",
                 output.string(), result.name, result.ended_utc);
  MUSTER_REQUIRE(result.arithmetic_version == arithmetic_version,
                 "{} holds this job's result of muster {} with arithmetic version {}, this one has {} "
                 "(their bits differ); choose another --out, or replace it with --fresh",
                 output.string(), result.muster_version, result.arithmetic_version,
                 arithmetic_version);
}

}  // namespace

OutputFound find_output(std::filesystem::path const& output, std::string const& job_hash,
                        std::uint64_t arithmetic_version) {
  if (is_there(output)) {
    Result const result = read_result(output);
    require_same_job(result, output, job_hash, arithmetic_version);
    if (result.verdict == Exit::done) return OutputFound::finished;
  }
  auto const saved = read_saved_run(output);
  if (!saved) return OutputFound::nothing;
  require_same_run(*saved, output, job_hash, arithmetic_version);
  return OutputFound::unfinished;
}

}  // namespace muster::io
