#include "io/h5_shape.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "io/h5_packed.hpp"
#include "io/text_rules.hpp"

namespace muster::io::h5 {
namespace {

static_assert(std::endian::native == std::endian::little,
              "numbers go to and from files without conversion");

constexpr std::size_t block_bytes = std::size_t{1} << 20;
constexpr std::size_t largest_text_bytes = std::size_t{256} << 20;
constexpr std::size_t largest_attribute_bytes = std::size_t{1} << 20;
constexpr std::uint64_t largest_row = 1u << 16;

bool is_type(hid_t type, hid_t wanted) { return MUSTER_H5(H5Tequal(type, wanted)) > 0; }

void read_text_type(hid_t type, Shape& shape, Place const& place) {
  if (MUSTER_H5(H5Tis_variable_str(type)) > 0)
    refuse(place, "has texts of variable length, which muster does not write");
  if (MUSTER_H5(H5Tget_strpad(type)) != H5T_STR_NULLPAD)
    refuse(place, "has texts that are not padded with zeros");
  shape.element = Element::text;
  shape.element_bytes = H5Tget_size(type);
  if (shape.element_bytes == 0 || shape.element_bytes > largest_text_bytes)
    refuse(place, fmt::format("has texts of {} bytes", shape.element_bytes));
}

[[noreturn]] void refuse_type(Place const& place) {
  refuse(place, "has an element type that muster does not write");
}

void read_integer_type(hid_t type, Shape& shape, Place const& place) {
  if (is_type(type, H5T_STD_I64LE)) {
    shape.element = Element::integer;
  } else if (is_type(type, H5T_STD_U64LE)) {
    shape.element = Element::natural;
  } else if (is_type(type, H5T_STD_U8LE)) {
    shape.element = Element::byte;
    shape.element_bytes = 1;
  } else {
    refuse_type(place);
  }
}

void read_type(hid_t type, Shape& shape, Place const& place) {
  switch (H5Tget_class(type)) {
    case H5T_STRING:
      return read_text_type(type, shape, place);
    case H5T_FLOAT:
      if (!is_type(type, H5T_IEEE_F64LE)) break;
      shape.element = Element::real;
      return;
    case H5T_INTEGER:
      return read_integer_type(type, shape, place);
    default:
      break;
  }
  refuse_type(place);
}

void read_dims(hid_t space, Shape& shape, Place const& place) {
  H5S_class_t const kind = H5Sget_simple_extent_type(space);
  if (kind == H5S_SCALAR) return;
  if (kind != H5S_SIMPLE) refuse(place, "has no extent");
  int const rank = MUSTER_H5(H5Sget_simple_extent_ndims(space));
  if (rank < 1 || rank > 2) refuse(place, fmt::format("has {} dimensions", rank));
  hsize_t now[2] = {0, 0}, most[2] = {0, 0};
  MUSTER_H5(H5Sget_simple_extent_dims(space, now, most));
  if (!std::equal(now, now + rank, most)) refuse(place, "can be resized");
  shape.dims.assign(now, now + rank);
  if (shape.row_elements() > largest_row)
    refuse(place, fmt::format("has rows of {} elements", shape.row_elements()));
}

/// Nothing is larger than the file that holds it: the bound for every allocation that follows.
void require_fits(Shape const& shape, std::uint64_t limit_bytes, Place const& place) {
  std::uint64_t const row = shape.row_elements() * shape.element_bytes;
  if (row != 0 && shape.rows() > limit_bytes / row)
    refuse(place, fmt::format("claims {} rows of {} bytes, more than there is", shape.rows(), row));
}

/// True for a table in chunks, whose chunks are still to be checked; false for plain data.
bool is_stored_in_chunks(hid_t made, hid_t space, Place const& place) {
  H5D_layout_t const layout = H5Pget_layout(made);
  bool const is_plain = layout == H5D_CONTIGUOUS || layout == H5D_COMPACT;
  bool const is_table = H5Sget_simple_extent_ndims(space) == 2;
  if (!is_plain && !(layout == H5D_CHUNKED && is_table))
    refuse(place, "is stored in chunks or is virtual, which muster does not write");
  if (MUSTER_H5(H5Pget_external_count(made)) != 0) refuse(place, "keeps its data in another file");
  if (is_plain && MUSTER_H5(H5Pget_nfilters(made)) != 0)
    refuse(place, "is filtered or compressed");
  return !is_plain;
}

std::uint64_t unpacked_limit(std::uint64_t file_bytes) {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  return file_bytes > most / most_packing ? most : file_bytes * most_packing;
}

Shape read_shape(Datatype const& type, Dataspace const& space, std::uint64_t limit_bytes,
                 Place const& place) {
  Shape shape;
  read_type(type.get(), shape, place);
  read_dims(space.get(), shape, place);
  require_fits(shape, limit_bytes, place);
  return shape;
}

}  // namespace

void refuse(Place const& place, std::string_view problem) {
  if (place.writer == Writer::any_program)
    throw_error(Exit::user, "{}: {}{}{} (its numbers cannot be taken for what is needed); write it as docs/formats says", place.file.string(),
                place.object, place.object.empty() ? "" : " ", problem);
  throw_error(
      Exit::user,
      "{}: {}{}{} (it was damaged, cut short or changed since muster wrote it, so nothing in "
      "it is believed); take an intact copy, or make the file again",
      place.file.string(), place.object, place.object.empty() ? "" : " ", problem);
}

Shape shape_of_dataset(hid_t dataset, Place const& place) {
  Properties const made(MUSTER_H5(H5Dget_create_plist(dataset)));
  Datatype const type(MUSTER_H5(H5Dget_type(dataset)));
  Dataspace const space(MUSTER_H5(H5Dget_space(dataset)));
  bool const is_packed = is_stored_in_chunks(made.get(), space.get(), place);
  Shape shape = read_shape(
      type, space, is_packed ? unpacked_limit(place.file_bytes) : place.file_bytes, place);
  shape.is_packed = is_packed;
  if (is_packed) {
    require_packed_storage(made.get(), shape, place);
    return shape;
  }
  std::uint64_t const bytes = shape.elements() * shape.element_bytes;
  if (H5Dget_storage_size(dataset) < bytes) refuse(place, "has less data than it claims");
  return shape;
}

Shape shape_of_attribute(hid_t attribute, Place const& place) {
  Datatype const type(MUSTER_H5(H5Aget_type(attribute)));
  Dataspace const space(MUSTER_H5(H5Aget_space(attribute)));
  return read_shape(type, space, std::min<std::uint64_t>(place.file_bytes, largest_attribute_bytes),
                    place);
}

Datatype element_type(Shape const& shape) {
  switch (shape.element) {
    case Element::real:
      return Datatype(MUSTER_H5(H5Tcopy(H5T_IEEE_F64LE)));
    case Element::integer:
      return Datatype(MUSTER_H5(H5Tcopy(H5T_STD_I64LE)));
    case Element::natural:
      return Datatype(MUSTER_H5(H5Tcopy(H5T_STD_U64LE)));
    case Element::byte:
      return Datatype(MUSTER_H5(H5Tcopy(H5T_STD_U8LE)));
    case Element::text:
      break;
  }
  return text_type(shape.element_bytes);
}

void read_rows(hid_t dataset, Shape const& shape, std::uint64_t first, std::uint64_t rows,
               void* to) {
  if (rows == 0 || shape.row_elements() == 0) return;
  Datatype const type = element_type(shape);
  if (shape.dims.empty()) {
    MUSTER_H5(H5Dread(dataset, type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, to));
    return;
  }
  hsize_t const start[2] = {first, 0}, count[2] = {rows, shape.row_elements()};
  Dataspace const there(MUSTER_H5(H5Dget_space(dataset)));
  Dataspace const here(
      MUSTER_H5(H5Screate_simple(static_cast<int>(shape.dims.size()), count, nullptr)));
  MUSTER_H5(H5Sselect_hyperslab(there.get(), H5S_SELECT_SET, start, nullptr, count, nullptr));
  MUSTER_H5(H5Dread(dataset, type.get(), here.get(), there.get(), H5P_DEFAULT, to));
}

void for_each_block(hid_t dataset, Shape const& shape, Place const& place,
                    BlockFunction const& use) {
  if (shape.is_packed) return for_each_packed_block(dataset, shape, place, use);
  std::size_t const row_bytes = shape.row_elements() * shape.element_bytes;
  if (row_bytes == 0) return;
  std::uint64_t const step = std::max<std::uint64_t>(1, block_bytes / row_bytes);
  std::vector<std::byte> block(std::min(step, shape.rows()) * row_bytes);
  for (std::uint64_t first = 0; first < shape.rows(); first += step) {
    std::uint64_t const rows = std::min(step, shape.rows() - first);
    read_rows(dataset, shape, first, rows, block.data());
    use(std::span<std::byte const>(block.data(), rows * row_bytes));
  }
}

std::vector<std::byte> read_attribute(hid_t attribute, Shape const& shape) {
  std::vector<std::byte> bytes(shape.elements() * shape.element_bytes);
  if (!bytes.empty()) MUSTER_H5(H5Aread(attribute, element_type(shape).get(), bytes.data()));
  return bytes;
}

std::string_view text_of(std::span<std::byte const> element, Place const& place) {
  std::string_view text(reinterpret_cast<char const*>(element.data()), element.size());
  auto const last = text.find_last_not_of('\0');
  text = text.substr(0, last == std::string_view::npos ? 0 : last + 1);
  if (!is_clean_text(text)) refuse(place, "has a text that is no clean UTF-8");
  return text;
}

}  // namespace muster::io::h5
