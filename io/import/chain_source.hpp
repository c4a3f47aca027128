// Vendor chain files -> raw quotes. The layout is recognised by the header, never by the name.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "io/import/quote.hpp"
#include "io/import/text_source.hpp"

namespace muster::io {

struct ReadLimits {
  std::uint64_t bytes = std::uint64_t{1} << 30;  ///< decompressed, a file
  std::size_t quotes = 5'000'000;                ///< in all files
};

/// Reads files of one layout (pages of one answer, parts of one chain) and joins them. Throws Error
/// (Exit::user) with file and line: unknown header (naming what was expected and what was found),
/// files of different layouts, no row at all, limits. A row that cannot be read becomes a quote
/// with a fault.
RawChain read_chain(std::vector<std::filesystem::path> const& paths, ReadLimits limits = {});
/// The same over open sources.
RawChain read_chain(std::vector<std::unique_ptr<TextSource>> const& sources,
                    ReadLimits limits = {});

}  // namespace muster::io
