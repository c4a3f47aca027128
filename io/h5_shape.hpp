// What a dataset or attribute of a muster file may be: found out and checked before any of it is
// read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/h5.hpp"

namespace muster::io::h5 {

/// The element types that muster writes; the letters go into the checksum.
enum class Element : char {
  real = 'f',     ///< IEEE 754 binary64, little endian
  integer = 'i',  ///< 64-bit two's complement, little endian
  natural = 'u',  ///< 64-bit unsigned, little endian
  byte = 'b',     ///< 8-bit unsigned
  text = 's',     ///< UTF-8, fixed length, padded with zeros
};

struct Shape {
  Element element = Element::real;
  std::vector<std::uint64_t> dims;  ///< empty: one value; at most two
  std::size_t element_bytes = 8;
  bool is_packed = false;  ///< stored as h5_packed.hpp says
  std::uint64_t rows() const { return dims.empty() ? 1 : dims[0]; }
  std::uint64_t row_elements() const { return dims.size() < 2 ? 1 : dims[1]; }
  std::uint64_t elements() const { return rows() * row_elements(); }  // checked not to overflow
};

/// Who wrote a file, and so what is said of a fault.
enum class Writer { muster, any_program };

/// The object being looked at, for messages, and the size that nothing inside can exceed.
struct Place {
  std::filesystem::path const& file;
  std::string object;  ///< "/tables/book/price", "attribute \"unit\" of /sums"
  std::uint64_t file_bytes = 0;
  Writer writer = Writer::muster;
};

/// Throws Error (Exit::user): "<file>: <object> <problem> (...); ...".
[[noreturn]] void refuse(Place const& place, std::string_view problem);

/// Throws Error (Exit::user) for a type, rank, size, layout or storage that muster does not write.
Shape shape_of_dataset(hid_t dataset, Place const& place);
Shape shape_of_attribute(hid_t attribute, Place const& place);

/// The type of one element, on disk and in memory alike.
Datatype element_type(Shape const& shape);

/// Called with consecutive elements as they are on disk; texts are padded.
using BlockFunction = std::function<void(std::span<std::byte const>)>;
/// Reads a dataset in blocks of at most 1 MiB (or one row), in order. Throws Error (Exit::user) for
/// packed data that cannot be unpacked.
void for_each_block(hid_t dataset, Shape const& shape, Place const& place,
                    BlockFunction const& use);
/// Reads `rows` rows from `first` on into `to`; not of a packed dataset.
void read_rows(hid_t dataset, Shape const& shape, std::uint64_t first, std::uint64_t rows,
               void* to);
std::vector<std::byte> read_attribute(hid_t attribute, Shape const& shape);

/// The padded text of one element. Throws Error (Exit::user) unless it is_clean_text.
std::string_view text_of(std::span<std::byte const> element, Place const& place);

}  // namespace muster::io::h5
