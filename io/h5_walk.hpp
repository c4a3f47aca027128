// The canonical walk over a muster file: every object checked, catalogued and hashed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "io/h5_shape.hpp"

namespace muster::io::h5 {

using Values = std::variant<std::vector<double>, std::vector<std::int64_t>,
                            std::vector<std::uint64_t>, std::vector<std::uint8_t>,
                            std::vector<std::string>>;

struct AttributeEntry {
  Shape shape;
  Values values;
};

struct Entry {
  enum class Kind { group, dataset } kind = Kind::group;
  Shape shape;                        ///< of a dataset
  std::vector<std::string> children;  ///< of a group, sorted by bytes
  std::map<std::string, AttributeEntry> attributes;
};

/// Absolute path -> what is there; the root is "/".
using Catalogue = std::map<std::string, Entry>;

struct Walk {
  Catalogue catalogue;
  std::string checksum;  ///< SHA-256, 64 hex digits (docs/formats/digests-of-files.md)
};

/// The root attribute that holds the checksum and is left out of it.
inline constexpr char const* checksum_attribute = "checksum";

/// Walks an open file. Throws Error (Exit::user) at the first thing muster does not write: links
/// other than hard ones, objects with two names, foreign types, absurd sizes.
Walk walk(hid_t file, std::filesystem::path const& path, std::uint64_t file_bytes, Writer writer = Writer::muster);

/// One attribute, checked. Throws Error (Exit::user) when it is missing or foreign.
AttributeEntry find_attribute(hid_t object, std::string const& name, Place const& owner);

/// Bytes as on disk -> values.
Values values_of(std::span<std::byte const> bytes, Shape const& shape, Place const& place);

}  // namespace muster::io::h5
