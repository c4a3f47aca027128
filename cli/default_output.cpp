#include "cli/default_output.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace muster::cli {

std::filesystem::path default_output(std::filesystem::path const& source) {
  constexpr std::array<std::string_view, 7> known = {".csv", ".json", ".txt", ".gz", ".xz", ".zst", ".zip"};
  auto name = source.filename();
  while (std::find(known.begin(), known.end(), name.extension().string()) != known.end()) name = name.stem();
  return name += ".h5";
}

}  // namespace muster::cli
