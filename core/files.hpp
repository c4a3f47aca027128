// Reading small whole files that may be hostile.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace muster {

/// The bytes of a regular file of at most `limit_bytes`. `what` names it in messages ("job file").
/// Throws Error (Exit::user) when it is missing, unreadable, no regular file or too large.
std::string read_whole_file(std::filesystem::path const& path, std::uint64_t limit_bytes,
                            std::string_view what);

}  // namespace muster
