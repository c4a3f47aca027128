// A book of instruments in a CSV file.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "io/import/text_source.hpp"
#include "jobs/price/fields.hpp"

namespace muster::jobs::price {

inline constexpr std::uint64_t limit_book_bytes = std::uint64_t{256} << 20;

/// Reads a book: columns are keys of [[instrument]] in any order, and `symbol`, an OCC symbol such
/// as AAPL240426C00155000, which sets asset (the underlying of its root), expiry (when it settles),
/// right, strike, a multiplier of 100 and, when there is none, the name. Lists are separated by
/// `;`. Plain or compressed (gzip, xz, zstd). Faults in rows go to `faults`, with `file:line`;
/// `file` names the book there and must outlive them. Throws Error (Exit::user) when the file as a
/// whole cannot be read.
void read_book(io::TextSource& source, std::string_view file, std::vector<InstrumentInput>& into,
               Faults& faults);

/// The same from a path.
void read_book_file(std::filesystem::path const& path, std::string_view file,
                    std::vector<InstrumentInput>& into, Faults& faults);

}  // namespace muster::jobs::price
