// Small files that others may replace or remove while they are read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace muster::io {

/// All bytes, or nothing when there is no such file. A file that a network file system says was
/// replaced meanwhile (ESTALE) is opened again. Throws Error: larger than the limit or no regular
/// file (Exit::user), unreadable (Exit::environment).
std::optional<std::string> read_if_there(std::filesystem::path const& path,
                                         std::uint64_t limit_bytes);

}  // namespace muster::io
