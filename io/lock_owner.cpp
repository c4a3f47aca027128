#include "io/lock_owner.hpp"

#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>

#include "core/process.hpp"
#include "core/text.hpp"
#include "io/line_fields.hpp"
#include "io/text_rules.hpp"

namespace muster::io {
namespace {

constexpr std::string_view first_line = "muster-lock 1";

std::string boot_id() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(in, id);
  return id;
}

std::uint64_t start_of(std::int64_t pid) {
  auto const process = process_with(static_cast<pid_t>(pid));
  return process ? process->start_ticks : 0;
}

std::string variable(char const* name) {
  char const* value = std::getenv(name);
  return value == nullptr ? "" : clean_text(value);
}

/// A zombie counts: a launcher that is itself being ended may keep its dead ranks for a minute.
bool is_gone_here(OwnerRecord const& owner) {
  auto const pid = static_cast<pid_t>(owner.who.pid);
  if (pid <= 0) return false;
  if (::kill(pid, 0) != 0 && errno == ESRCH) return true;
  std::uint64_t const start = start_of(owner.who.pid);
  if (start == 0) return false;
  bool const is_another = owner.pid_start != 0 && start != owner.pid_start;
  return is_another || ProcessHandle({pid, start}).is_dead();
}

}  // namespace

OwnerRecord this_process() {
  OwnerRecord self;
  self.who = {host_name(), ::getpid(), utc_now()};
  self.boot = boot_id();
  self.pid_space = pid_namespace();
  self.pid_start = start_of(::getpid());
  self.slurm_job = variable("SLURM_JOB_ID");
  self.slurm_restart = parse_count(variable("SLURM_RESTART_COUNT")).value_or(0);
  return self;
}

std::string format_owner(OwnerRecord const& owner) {
  return fmt::format(
      "{}\nhost {}\npid {}\nsince {}\nboot {}\npid_space {}\npid_start {}\nslurm_job {}\n"
      "slurm_restart {}\n",
      first_line, owner.who.host, owner.who.pid, owner.who.since_utc, owner.boot, owner.pid_space,
      owner.pid_start, owner.slurm_job, owner.slurm_restart);
}

OwnerRecord parse_owner(std::string_view text) {
  OwnerRecord owner;
  if (!text.starts_with(first_line) || !is_clean_text(text)) return owner;
  auto fields = line_fields(text);
  auto const pid = parse_pid(fields["pid"]);
  if (!pid) return owner;
  owner.who = {fields["host"], *pid, fields["since"]};
  owner.boot = fields["boot"];
  owner.pid_space = fields["pid_space"];
  owner.pid_start = parse_count(fields["pid_start"]).value_or(0);
  owner.slurm_job = fields["slurm_job"];
  owner.slurm_restart = parse_count(fields["slurm_restart"]).value_or(0);
  return owner;
}

bool is_gone(OwnerRecord const& owner, OwnerRecord const& self, double silent_s) {
  if (owner.who.host.empty()) return silent_s > longest_silence_s;
  bool const is_same_job = !owner.slurm_job.empty() && owner.slurm_job == self.slurm_job;
  // Slurm starts a requeued job only after it has ended the one before.
  if (is_same_job && self.slurm_restart > owner.slurm_restart) return true;
  if (owner.who.host != self.who.host) return is_same_job || silent_s > longest_silence_s;
  if (!owner.boot.empty() && !self.boot.empty() && owner.boot != self.boot) return true;
  if (owner.pid_space == self.pid_space) return is_gone_here(owner);
  return silent_s > longest_silence_s;
}

}  // namespace muster::io
