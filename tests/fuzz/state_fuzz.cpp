// Fuzzes what lies beside a result: saved states, locks, stop requests, logs. The first byte says which. Whatever
// the bytes, a state is read or refused with an error that blames the user; what is read is written the same way.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cli/run_log.hpp"
#include "core/error.hpp"
#include "core/sha256.hpp"
#include "io/state_file.hpp"
#include "io/stop_request.hpp"

namespace {

using namespace muster;

constexpr std::size_t size_offset = 16, checksum_bytes = 64;

void require(bool holds) {
  if (!holds) std::abort();
}

io::SavedRun whole_run() {
  io::SavedRun run;
  run.identity = {"price", "book", "kind = \"price\"\n", sha256_hex("kind = \"price\"\n"), 7, 1, "0.1.0", "2026-01-02T21:00:00Z"};
  run.progress = {3, {{0, 8}, {12, 4}}, 1, 24, {1, -2, 3}, {{"leases_issued", 9}}};
  run.saved_utc = "2026-01-02T21:00:05Z";
  run.message = "stopped as asked";
  return run;
}

/// What a state of this version begins with.
std::string head() { return io::encode_state(whole_run()).substr(0, size_offset); }

void read_state(std::string const& bytes) {
  try {
    auto const run = io::decode_state(bytes, "F.h5.state.1.1");
    require(io::are_proper_ranges(run.progress.committed));
    // Of another minor version; it is written as this one.
    bool const is_this_version = bytes.starts_with(head());
    require(!is_this_version || io::encode_state(run) == bytes);
  } catch (Error const& error) {
    require(error.code() == Exit::user);
  }
}

/// Size and checksum as they should be, so that what is between them counts.
std::string sealed(std::string bytes) {
  bytes.resize(std::max(bytes.size(), size_offset + 8 + checksum_bytes));
  for (std::size_t i = 0; i < 8; ++i) bytes[size_offset + i] = static_cast<char>(bytes.size() >> (8 * i) & 0xff);
  bytes.resize(bytes.size() - checksum_bytes);
  return bytes + sha256_hex(bytes);
}

/// A whole state of which some bytes are others: triples of place (two bytes) and value.
void read_changed_state(std::string_view changes) {
  std::string bytes = io::encode_state(whole_run());
  for (; changes.size() >= 3; changes.remove_prefix(3)) {
    auto const place = static_cast<unsigned char>(changes[0]) * 256u + static_cast<unsigned char>(changes[1]);
    bytes[place % bytes.size()] = changes[2];
  }
  read_state(sealed(std::move(bytes)));
}

void read_lock(std::string_view text) {
  auto const owner = io::parse_owner(text);
  if (owner.who.host.empty()) return;
  auto const again = io::format_owner(owner);
  require(io::format_owner(io::parse_owner(again)) == again);
  io::is_gone(owner, io::this_process(), 0);
}

void read_stop(std::string_view text) {
  auto const request = io::parse_stop(text);
  if (!request) return;
  auto const again = io::parse_stop(io::format_stop(*request));
  require(again && again->to.host == request->to.host && again->to.pid == request->to.pid);
}

void read_log(std::string_view bytes) {
  for (auto const& line : cli::safe_lines(bytes))
    for (char const c : line) require(static_cast<unsigned char>(c) >= ' ' || c == '\t');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view const rest(reinterpret_cast<char const*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'S': read_state(std::string(rest)); break;
    case 'B': read_state(sealed(head() + std::string(8, '\0') + std::string(rest))); break;
    case 'C': read_changed_state(rest); break;
    case 'L': read_lock(rest); break;
    case 'R': read_stop(rest); break;
    case 'G': read_log(rest); break;
    default: break;
  }
  return 0;
}
