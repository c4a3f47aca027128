// Labelled samples that any program has written, for train jobs (docs/formats/samples.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace muster::io {

struct SampleFile {
  std::string digest;          ///< of all that is in the file, 64 hex digits
  std::uint64_t rows = 0;
  std::vector<double> inputs;  ///< [rows][columns]
  std::vector<double> prices;  ///< [rows]
  std::vector<double> slopes;  ///< [rows][columns]; empty: the file has none
};

/// Of samples with `columns` inputs; sizes are bounded by the file's before anything is allocated. Throws Error (Exit::user) naming the
/// file and what is wrong with it, the row of a number that is none included.
SampleFile read_samples(std::filesystem::path const& path, std::uint64_t columns);

/// Writes such a file in one step; the digest is made when it is read. Throws Error (Exit::environment) for disk and permission.
void write_samples(std::filesystem::path const& path, SampleFile const& file);

}  // namespace muster::io
