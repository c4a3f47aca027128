// The promise itself: the bits of every instrument equal those kept in digests.txt, on this CPU's instruction
// set (ctest runs it once per set) and, with the argument `gpu`, on the GPU. `print` writes a new digests.txt.
#include <fmt/core.h>

#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "core/error.hpp"
#include "jobs/price/fields.hpp"
#include "kernels/isa.hpp"
#include "tests/jobs/price/digest_matrix.hpp"

namespace {

using namespace muster::jobs::price;

constexpr int tiles = 3;

std::map<std::string, std::string> kept_digests() {
  std::map<std::string, std::string> kept;
  std::ifstream file(MUSTER_SOURCE_DIR "/tests/jobs/price/digests.txt");
  std::string name;
  std::string digest;
  while (file >> name >> digest) kept[name] = digest;
  return kept;
}

/// Every kind of instrument has a row.
int missing_kinds(std::vector<MatrixRow> const& rows) {
  std::set<InstrumentKind> seen;
  for (auto const& row : rows)
    for (auto const& instrument : row.params.instruments) seen.insert(instrument.kind);
  int missing = 0;
  for (std::size_t kind = 0; kind < kind_names().size(); ++kind) {
    if (seen.contains(static_cast<InstrumentKind>(kind))) continue;
    fmt::print("instrument kind {} has no row in the digest matrix\n", kind_names()[kind]);
    ++missing;
  }
  return missing;
}

int run(bool on_gpu, bool print) {
  auto const rows = digest_matrix();
  auto const kept = kept_digests();
  int wrong = missing_kinds(rows);
  for (auto const& row : rows) {
    std::string const digest = tiles_digest(row.params, tiles, on_gpu);
    if (print) {
      fmt::print("{} {}\n", row.name, digest);
      continue;
    }
    auto const known = kept.find(row.name);
    if (known != kept.end() && known->second == digest) continue;
    ++wrong;
    fmt::print("{}: {} here, {} kept\n", row.name, digest, known == kept.end() ? "none" : known->second);
  }
  if (!print) {
    if (kept.size() != rows.size()) {
      fmt::print("{} rows, {} kept digests\n", rows.size(), kept.size());
      ++wrong;
    }
    fmt::print("{} rows on {}: {} differ\n", rows.size(),
               on_gpu ? "the GPU" : std::string(muster::kernels::isa_name(muster::kernels::active_isa())), wrong);
  }
  return wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  bool on_gpu = false;
  bool print = false;
  for (int i = 1; i < count; ++i) {
    on_gpu = on_gpu || std::strcmp(arguments[i], "gpu") == 0;
    print = print || std::strcmp(arguments[i], "print") == 0;
  }
  try {
    return run(on_gpu, print);
  } catch (muster::Error const& error) {
    // An instruction set that this CPU lacks is a skipped test, not a failed one.
    fmt::print("{}\n", error.what());
    return std::strstr(error.what(), "MUSTER_ISA") != nullptr ? 77 : 1;
  }
}
