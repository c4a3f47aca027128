// Is this an HDF5 file at all? Asked before libhdf5 sees a byte.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace muster::io {

/// True when `path` is a readable regular file that starts with HDF5's signature.
bool has_hdf5_signature(std::filesystem::path const& path);

/// The size of the file in bytes. Throws Error (Exit::user) when it is missing, unreadable, no
/// regular file, or does not start with the signature; `filetype` says what was expected.
std::uint64_t require_signature(std::filesystem::path const& path, std::string_view filetype);

}  // namespace muster::io
