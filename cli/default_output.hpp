// The name of what an import writes, where none is given.
#pragma once

#include <filesystem>

namespace muster::cli {

/// "data/spx_2023-09-14.csv.xz" -> "spx_2023-09-14.h5".
std::filesystem::path default_output(std::filesystem::path const& source);

}  // namespace muster::cli
