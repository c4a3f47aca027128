// A first look at a job file's bytes, before a parser that recurses and allocates sees them.
#pragma once

#include <cstdint>
#include <string_view>

namespace muster {

struct TomlLimits {
  std::uint64_t bytes = std::uint64_t{64} << 20;
  std::uint64_t values = 8'000'000;  ///< each costs the parser some hundred bytes
};
/// For a job file that a person wrote or a program generated.
inline constexpr TomlLimits default_toml_limits{};
/// For a resolved job, which holds a whole book.
inline constexpr TomlLimits resolved_toml_limits{.bytes = std::uint64_t{1} << 30,
                                                 .values = 64'000'000};

/// Throws Error (Exit::user) when `text` is larger than the limits, has more than 32 parts in a
/// dotted key, or holds a NUL byte.
void refuse_hostile_toml(std::string_view text, std::string_view file, TomlLimits const& limits);

}  // namespace muster
