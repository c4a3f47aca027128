// What writer and reader of result files share.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/table.hpp"
#include "core/tile.hpp"

namespace muster::io::result_layout {

inline constexpr char const* filetype = "muster-result";
inline constexpr std::int64_t major_version = 1;
inline constexpr std::int64_t minor_version = 2;

// A digest in memory is its two columns in the file: high, low.
static_assert(sizeof(TileDigest) == 2 * sizeof(std::uint64_t));

inline std::span<std::uint64_t> as_pairs(std::span<TileDigest> digests) {
  return {reinterpret_cast<std::uint64_t*>(digests.data()), 2 * digests.size()};
}

inline std::size_t rows_of(Column const& column) {
  return std::visit([](auto const& values) { return values.size(); }, column.values);
}

inline bool is_text(Column const& column) {
  return std::holds_alternative<std::vector<std::string>>(column.values);
}

}  // namespace muster::io::result_layout
