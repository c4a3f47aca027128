#include "io/stop_request.hpp"

#include <fmt/core.h>

#include "core/log.hpp"
#include "core/text.hpp"
#include "io/atomic_file.hpp"
#include "io/line_fields.hpp"
#include "io/run_files.hpp"
#include "io/run_lock.hpp"
#include "io/small_file.hpp"
#include "io/steps.hpp"
#include "io/text_rules.hpp"

namespace muster::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view first_line = "muster-stop 1";
constexpr std::uint64_t most_stop_bytes = 4096;

}  // namespace

std::string format_stop(StopRequest const& request) {
  return fmt::format("{}\nto_host {}\nto_pid {}\nto_since {}\nfrom_host {}\nfrom_pid {}\nat {}\n",
                     first_line, request.to.host, request.to.pid, request.to.since_utc,
                     request.from.host, request.from.pid, request.from.since_utc);
}

std::optional<StopRequest> parse_stop(std::string_view text) {
  if (!text.starts_with(first_line) || !is_clean_text(text)) return std::nullopt;
  auto fields = line_fields(text);
  auto const to_pid = parse_pid(fields["to_pid"]), from_pid = parse_pid(fields["from_pid"]);
  if (!to_pid || !from_pid || fields["to_host"].empty()) return std::nullopt;
  return StopRequest{{fields["to_host"], *to_pid, fields["to_since"]},
                     {fields["from_host"], *from_pid, fields["at"]}};
}

StopRequest request_stop(fs::path const& output) {
  auto const lock = read_lock(lock_path(output));
  OwnerRecord const self = this_process();
  MUSTER_REQUIRE(lock && !lock->owner.who.host.empty(),
                 "nothing is running on {} (there is no lock beside it, so nobody would see the "
                 "request); see muster status {}",
                 output.string(), output.string());
  MUSTER_REQUIRE(!is_gone(lock->owner, self, lock->silent_s),
                 "process {} on {} does not run any more (it held {} and was killed, so nobody "
                 "would see the request); see muster status {}",
                 lock->owner.who.pid, lock->owner.who.host, lock_path(output).string(),
                 output.string());
  StopRequest const request{lock->owner.who, self.who};
  write_file(stop_path(output), format_stop(request), Links::replace);
  return request;
}

std::optional<StopRequest> read_stop(fs::path const& output) {
  try {
    auto const text = read_if_there(stop_path(output), most_stop_bytes);
    return text ? parse_stop(*text) : std::nullopt;
  } catch (Error const& error) {
    log::warn("{}", error.what());
    return std::nullopt;
  }
}

bool is_for(StopRequest const& request, OwnerRecord const& owner) {
  return request.to.host == owner.who.host && request.to.pid == owner.who.pid &&
         request.to.since_utc == owner.who.since_utc;
}

void withdraw_stop(fs::path const& output, OwnerRecord const& owner) {
  if (auto const request = read_stop(output); request && is_for(*request, owner)) return;
  if (int const failed = remove_file(stop_path(output)); failed != 0)
    log::warn("{} stays: {}", stop_path(output).string(), std::generic_category().message(failed));
}

}  // namespace muster::io
