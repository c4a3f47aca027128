#include "cli/run_output.hpp"

#include <chrono>

#include "cli/build_info.hpp"
#include "cli/machine.hpp"
#include "core/instant.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "kernels/version.hpp"

namespace muster::cli {
namespace fs = std::filesystem;

fs::path output_path(fs::path const& asked_for, std::string const& job_name) {
  if (!asked_for.empty()) return asked_for;
  // A job's name is free text; as a file name it must stay in this directory.
  std::string name = job_name;
  for (char& c : name)
    if (c == '/' || c == '\\' || static_cast<unsigned char>(c) < ' ') c = '_';
  if (name.empty() || name.front() == '.') name = "job" + name;
  return name + ".h5";
}

std::string now_utc() {
  return format_instant(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

std::optional<io::Result> finished_result(fs::path const& output, std::string const& job_hash, Start start,
                                          std::optional<io::SavedRun> const& saved) {
  std::error_code ignored;
  if (!fs::exists(output, ignored)) return std::nullopt;
  // Read even for --fresh: whatever is not muster's own is never replaced.
  auto result = io::read_result(output);
  if (start == Start::fresh) return std::nullopt;
  // A run of this job that was started over and is not finished: the file is of the one before.
  if (saved && saved->verdict != Exit::done && saved->identity.job_hash == job_hash) return std::nullopt;
  MUSTER_REQUIRE(result.job_hash == job_hash,
                 "{} holds the result of another job (\"{}\", {}, hash {}...; this one's hash is {}...); choose another "
                 "--out, or --fresh to replace it", output.string(), printable(result.name), result.kind,
                 result.job_hash.substr(0, 12), job_hash.substr(0, 12));
  MUSTER_REQUIRE(result.arithmetic_version == kernels::arithmetic_version,
                 "{} was computed by muster {} with arithmetic version {} (this is muster {} with version {}, whose bits "
                 "differ on purpose); choose another --out, or --fresh to replace it", output.string(),
                 result.muster_version, result.arithmetic_version, version(), kernels::arithmetic_version);
  return result;
}

std::optional<std::string> begun_hash(fs::path const& output, std::optional<io::SavedRun> const& saved) {
  if (saved && saved->verdict != Exit::done) return saved->identity.job_hash;
  std::error_code ignored;
  if (!fs::exists(output, ignored)) return std::nullopt;
  return io::read_result(output).job_hash;
}

namespace {

/// Before the state is opened: that takes it over from whoever could go on.
void require_kind_begun_on(io::SavedRun const& saved, LoadedJob const& loaded, std::string const& devices, fs::path const& output) {
  auto const& begun_on = saved.identity.device_kind;
  if (begun_on.empty() || begun_on == devices || saved.identity.job_hash != loaded.hash) return;
  throw_error(Exit::user, "{} was begun on {}, and this run would compute on {} (a {} job has the same bits on one kind of device "
              "only, so the parts would not be one answer); go on {}, or start over here with --fresh", output.string(),
              printable(begun_on), devices, loaded.resolved.kind,
              begun_on == cpu_kind ? "with --device cpu" : "where there is " + printable(begun_on));
}

}  // namespace

OpenState open_state(fs::path const& output, LoadedJob const& loaded, std::string const& devices, Start start,
                     std::optional<io::SavedRun> saved) {
  if (start == Start::resume && saved) {
    require_kind_begun_on(*saved, loaded, devices, output);
    return {io::RunState::open(output, loaded.hash, kernels::arithmetic_version, io::TakeOver::from_the_dead, std::move(saved)), true};
  }
  io::RunIdentity identity;
  if (loaded.job->same_bits() == jobs::SameBits::on_one_kind) identity.device_kind = devices;
  identity.kind = loaded.resolved.kind;
  identity.name = loaded.resolved.name;
  identity.resolved_text = loaded.resolved.text;
  identity.job_hash = loaded.hash;
  identity.seed = loaded.resolved.seed;
  identity.arithmetic_version = kernels::arithmetic_version;
  identity.muster_version = version();
  identity.started_utc = now_utc();
  return {io::RunState::create(output, std::move(identity)), false};
}

void discard_leftovers(fs::path const& output, std::string const& job_hash) {
  try {
    io::remove_leftovers_of_run(output, job_hash);
  } catch (Error const& error) {
    // Another process may be doing the same, and the result is whole either way.
    log::info("leftovers beside {} stay: {}", output.string(), error.what());
  }
}

}  // namespace muster::cli
