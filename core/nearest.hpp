// "Did you mean": the known name nearest to a mistyped one.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace muster {

/// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`, bytes, case
/// ignored. Only the first 64 bytes of each are looked at.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The known name nearest to `word`, if it is near enough to be what was meant (at most one edit in
/// three characters, at least one). The first of equally near ones.
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<std::string_view const> known);

/// `use "spot"` when a name is near, else `use one of spot, dividend, ...`.
std::string suggest(std::string_view word, std::span<std::string_view const> known);

}  // namespace muster
