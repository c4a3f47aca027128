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

/// MUSTER_SUPERVISOR of the ranks: process, start and host of their supervisor, "4711.2.host1".
void add_supervisor(OwnerRecord& self, std::string const& mark) {
  auto const start = mark.find('.');
  auto const host = start == mark.npos ? mark.npos : mark.find('.', start + 1);
  if (host == mark.npos) return;
  self.supervisor = mark.substr(0, start) + mark.substr(host);
  self.supervised_start = parse_count(mark.substr(start + 1, host - start - 1)).value_or(0);
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
  add_supervisor(self, variable("MUSTER_SUPERVISOR"));
  return self;
}

std::string format_owner(OwnerRecord const& owner) {
  return fmt::format(
      "{}\nhost {}\npid {}\nsince {}\nboot {}\npid_space {}\npid_start {}\nslurm_job {}\n"
      "slurm_restart {}\nsupervisor {}\nsupervised_start {}\n",
      first_line, owner.who.host, owner.who.pid, owner.who.since_utc, owner.boot, owner.pid_space,
      owner.pid_start, owner.slurm_job, owner.slurm_restart, owner.supervisor, owner.supervised_start);
}

OwnerRecord parse_owner(std::string_view text) {
  OwnerRecord owner;
  if (!text.starts_with(first_line) || !is_clean_text(text)) return owner;
  auto fields = line_fields(text);
  auto const pid = parse_pid(fields["pid"]);
  // A process may be killed while it writes: what is cut short says nothing.
  bool const is_whole = text.ends_with('\n') && fields.contains("slurm_restart");
  if (!pid || !is_whole) return owner;
  owner.who = {fields["host"], *pid, fields["since"]};
  owner.boot = fields["boot"];
  owner.pid_space = fields["pid_space"];
  owner.pid_start = parse_count(fields["pid_start"]).value_or(0);
  owner.slurm_job = fields["slurm_job"];
  owner.slurm_restart = parse_count(fields["slurm_restart"]).value_or(0);
  owner.supervisor = fields["supervisor"];
  owner.supervised_start = parse_count(fields["supervised_start"]).value_or(0);
  return owner;
}

bool is_gone(OwnerRecord const& owner, OwnerRecord const& self, double silent_s) {
  if (owner.who.host.empty()) return silent_s > longest_silence_s;
  bool const is_same_job = !owner.slurm_job.empty() && owner.slurm_job == self.slurm_job;
  // Slurm starts a requeued job only after it has ended the one before.
  if (is_same_job && self.slurm_restart > owner.slurm_restart) return true;
  // A supervisor ends a start before the next, and where ranks fail over the others have seen rank 0 die.
  bool const is_same_run = !owner.supervisor.empty() && owner.supervisor == self.supervisor;
  if (is_same_run && self.supervised_start > owner.supervised_start) return true;
  if (owner.who.host != self.who.host)
    return is_same_job || is_same_run || silent_s > longest_silence_s;
  if (!owner.boot.empty() && !self.boot.empty() && owner.boot != self.boot) return true;
  if (owner.pid_space == self.pid_space) return is_gone_here(owner);
  return silent_s > longest_silence_s;
}

}  // namespace muster::io
