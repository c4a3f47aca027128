#include "io/h5_packed.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstring>

namespace muster::io::h5 {
namespace {

constexpr std::size_t chunk_goal_bytes = std::size_t{256} << 10;
constexpr unsigned effort = 4;

std::size_t row_bytes(Shape const& shape) { return shape.row_elements() * shape.element_bytes; }

/// Rows of a chunk: a function of the shape alone.
std::uint64_t chunk_rows(Shape const& shape) {
  std::uint64_t const goal = std::max<std::uint64_t>(1, chunk_goal_bytes / row_bytes(shape));
  return std::min(goal, shape.rows());
}

/// The first bytes of all elements, then the second ones, ...
void mix_bytes(std::span<std::byte const> from, std::span<std::byte> to, std::size_t element) {
  std::size_t const count = from.size() / element;
  for (std::size_t b = 0; b < element; ++b)
    for (std::size_t i = 0; i < count; ++i) to[b * count + i] = from[i * element + b];
}

void part_bytes(std::span<std::byte const> from, std::span<std::byte> to, std::size_t element) {
  std::size_t const count = from.size() / element;
  for (std::size_t b = 0; b < element; ++b)
    for (std::size_t i = 0; i < count; ++i) to[i * element + b] = from[b * count + i];
}

std::vector<std::byte> deflated(std::span<std::byte const> bytes) {
  std::vector<std::byte> packed(compressBound(bytes.size()));
  uLongf size = packed.size();
  int const code = compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                             reinterpret_cast<Bytef const*>(bytes.data()), bytes.size(), effort);
  MUSTER_ASSERT(code == Z_OK, "zlib: {}", code);
  packed.resize(size);
  return packed;
}

bool inflate_exactly(std::span<std::byte const> packed, std::span<std::byte> to) {
  uLongf size = to.size();
  uLong taken = packed.size();
  int const code = uncompress2(reinterpret_cast<Bytef*>(to.data()), &size,
                               reinterpret_cast<Bytef const*>(packed.data()), &taken);
  return code == Z_OK && size == to.size() && taken == packed.size();
}

std::vector<std::byte> read_chunk(hid_t dataset, hsize_t const* offset, std::size_t chunk_bytes,
                                  Place const& place) {
  hsize_t stored = 0;
  MUSTER_H5(H5Dget_chunk_storage_size(dataset, offset, &stored));
  if (stored == 0 || stored > compressBound(chunk_bytes) || stored > place.file_bytes)
    refuse(place, fmt::format("has a chunk of {} bytes", stored));
  std::vector<std::byte> packed(stored);
  std::uint32_t mask = 0;
  MUSTER_H5(H5Dread_chunk(dataset, H5P_DEFAULT, offset, &mask, packed.data()));
  if (mask != 0) refuse(place, "has a chunk that is not packed");
  return packed;
}

}  // namespace

Properties packed_storage(Shape const& shape) {
  Properties made(MUSTER_H5(H5Pcreate(H5P_DATASET_CREATE)));
  hsize_t const chunk[] = {chunk_rows(shape), shape.row_elements()};
  MUSTER_H5(H5Pset_chunk(made.get(), 2, chunk));
  MUSTER_H5(H5Pset_shuffle(made.get()));
  MUSTER_H5(H5Pset_deflate(made.get(), effort));
  MUSTER_H5(H5Pset_fill_time(made.get(), H5D_FILL_TIME_NEVER));
  MUSTER_H5(H5Pset_obj_track_times(made.get(), false));  // equal content, equal bytes
  return made;
}

void require_packed_storage(hid_t made, Shape const& shape, Place const& place) {
  auto const filter = [&](unsigned index) {
    unsigned flags = 0;
    std::size_t values = 0;
    return H5Pget_filter2(made, index, &flags, &values, nullptr, 0, nullptr, nullptr);
  };
  bool const is_table = shape.dims.size() == 2 && shape.elements() > 0;
  hsize_t chunk[2] = {0, 0};
  bool const has_chunks = is_table && H5Pget_chunk(made, 2, chunk) == 2 &&
                          chunk[0] == chunk_rows(shape) && chunk[1] == shape.row_elements();
  bool const is_packed = has_chunks && H5Pget_nfilters(made) == 2 &&
                         filter(0) == H5Z_FILTER_SHUFFLE && filter(1) == H5Z_FILTER_DEFLATE;
  if (!is_packed)
    refuse(place, "is stored in chunks or filtered in a way that muster does not write");
}

void write_packed(hid_t dataset, Shape const& shape, void const* values) {
  std::uint64_t const step = chunk_rows(shape);
  std::vector<std::byte> plain(step * row_bytes(shape)), mixed(plain.size());
  for (std::uint64_t first = 0; first < shape.rows(); first += step) {
    std::size_t const bytes = std::min(step, shape.rows() - first) * row_bytes(shape);
    std::memcpy(plain.data(), static_cast<std::byte const*>(values) + first * row_bytes(shape),
                bytes);
    std::fill(plain.begin() + static_cast<std::ptrdiff_t>(bytes), plain.end(), std::byte{0});
    mix_bytes(plain, mixed, shape.element_bytes);
    auto const packed = deflated(mixed);
    hsize_t const offset[] = {first, 0};
    MUSTER_H5(H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, offset, packed.size(), packed.data()));
  }
}

void for_each_packed_block(hid_t dataset, Shape const& shape, Place const& place,
                           BlockFunction const& use) {
  std::uint64_t const step = chunk_rows(shape);
  std::vector<std::byte> plain(step * row_bytes(shape)), mixed(plain.size());
  for (std::uint64_t first = 0; first < shape.rows(); first += step) {
    hsize_t const offset[] = {first, 0};
    auto const packed = read_chunk(dataset, offset, plain.size(), place);
    if (!inflate_exactly(packed, mixed)) refuse(place, "has a chunk that cannot be unpacked");
    part_bytes(mixed, plain, shape.element_bytes);
    use(std::span(plain).first(std::min(step, shape.rows() - first) * row_bytes(shape)));
  }
}

}  // namespace muster::io::h5
