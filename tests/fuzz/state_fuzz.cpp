// Fuzzes what is read beside an output: states, digest files, locks, stop requests, logs, names.
// Whatever the bytes, the readers return or throw Error; what they accept survives being written.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/sha256.hpp"
#include "io/lock_owner.hpp"
#include "io/run_files.hpp"
#include "io/state_file.hpp"
#include "io/stop_request.hpp"
#include "io/text_rules.hpp"
#include "io/tile_file.hpp"

namespace {

using namespace muster;
using namespace muster::io;

constexpr std::size_t checksum_bytes = 64;

/// Errors must blame the user: nothing here is muster's own fault or the machine's.
template <class Action>
void read(Action action) {
  try {
    action();
  } catch (Error const& error) {
    if (error.code() != Exit::user) std::abort();
  }
}

void check_state(std::string const& bytes) {
  read([&] {
    SavedRun const run = decode_state(bytes, "F.h5.state.1.1");
    // Counters and texts come back; so does every number.
    if (encode_state(decode_state(encode_state(run), "F.h5.state.1.2")) != encode_state(run))
      std::abort();
  });
}

/// Under a checksum that fits, so that more than the checksum is tried.
void check_sealed_state(std::string bytes) {
  if (bytes.size() < checksum_bytes) return;
  bytes.resize(bytes.size() - checksum_bytes);
  check_state(bytes + sha256_hex(bytes));
}

void check_tiles(std::string const& bytes) {
  static std::string const path = "/dev/shm/muster-fuzz-tiles." + std::to_string(::getpid());
  std::ofstream(path, std::ios::binary) << bytes;
  read([&] {
    auto file = TileFile::open(path, sha256_hex("job"));
    TileDigest digests[4];
    file.read(0, digests);
  });
}

void check_texts(std::string const& text) {
  auto const owner = parse_owner(text);
  if (!owner.who.host.empty() &&
      format_owner(parse_owner(format_owner(owner))) != format_owner(owner))
    std::abort();
  if (auto const stop = parse_stop(text); stop && format_stop(*parse_stop(format_stop(*stop))) != format_stop(*stop))
    std::abort();
  if (auto const number = parse_state_number(text);
      number && state_path("F.h5", *number) != "F.h5.state." + text)
    std::abort();
  if (!is_clean_text(clean_text(text))) std::abort();  // what `muster logs` prints
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  log::set_level(log::Level::off);
  if (size == 0) return 0;
  std::string const bytes(reinterpret_cast<char const*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: check_state(bytes); break;
    case 1: check_sealed_state(bytes); break;
    case 2: check_tiles(bytes); break;
    default: check_texts(bytes); break;
  }
  return 0;
}
