#include "io/document_writer.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "io/h5_packed.hpp"
#include "io/h5_walk.hpp"
#include "io/text_rules.hpp"

namespace muster::io {
namespace {

using h5::Attribute;
using h5::Dataset;
using h5::Dataspace;
using h5::Datatype;

constexpr std::uint64_t rows_per_block = 1u << 16;
constexpr std::size_t block_bytes = std::size_t{1} << 20;

Dataspace scalar() { return Dataspace(MUSTER_H5(H5Screate(H5S_SCALAR))); }
Dataspace simple(std::span<hsize_t const> dims) {
  return Dataspace(
      MUSTER_H5(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr)));
}

/// Bytes of the longest text; HDF5 knows no texts of none.
std::size_t cell_size(std::vector<std::string> const& texts) {
  std::size_t size = 1;
  for (std::string const& text : texts) size = std::max(size, text.size());
  return size;
}

std::vector<char> padded(std::span<std::string const> texts, std::size_t cell) {
  std::vector<char> cells(texts.size() * cell, '\0');
  for (std::size_t i = 0; i < texts.size(); ++i)
    std::copy(texts[i].begin(), texts[i].end(),
              cells.begin() + static_cast<std::ptrdiff_t>(i * cell));
  return cells;
}

std::vector<std::string> cleaned(std::vector<std::string> const& texts) {
  std::vector<std::string> clean;
  clean.reserve(texts.size());
  for (std::string const& text : texts) clean.push_back(clean_text(text));
  return clean;
}

void write_rows(Dataset const& data, Datatype const& type, std::span<hsize_t const> first,
                std::span<hsize_t const> count, void const* values) {
  Dataspace const there(MUSTER_H5(H5Dget_space(data.get())));
  MUSTER_H5(H5Sselect_hyperslab(there.get(), H5S_SELECT_SET, first.data(), nullptr, count.data(),
                                nullptr));
  MUSTER_H5(
      H5Dwrite(data.get(), type.get(), simple(count).get(), there.get(), H5P_DEFAULT, values));
}

}  // namespace

/// Runs `action`. After a failed write libhdf5 may stumble over what it reads back: the disk's own
/// complaint comes first.
template <class F>
void DocumentWriter::writing(F&& action) {
  try {
    action();
  } catch (Error const&) {
    output_.require_written();
    throw;
  }
  output_.require_written();
}

DocumentWriter::DocumentWriter(std::filesystem::path const& target, std::string const& filetype,
                               std::int64_t major, std::int64_t minor)
    : file_(target), output_(file_) {
  attribute("/", "filetype", filetype);
  attribute("/", "version", std::span<std::int64_t const>(std::vector{major, minor}));
}

void DocumentWriter::group(std::string const& path) {
  writing([&] {
    h5::Properties const made(MUSTER_H5(H5Pcreate(H5P_GROUP_CREATE)));
    MUSTER_H5(H5Pset_obj_track_times(made.get(), false));  // equal content, equal bytes
    h5::Group(
        MUSTER_H5(H5Gcreate2(output_.id(), path.c_str(), H5P_DEFAULT, made.get(), H5P_DEFAULT)));
  });
}

void DocumentWriter::put_attribute(std::string const& object, std::string const& name,
                                   Datatype const& type, Dataspace const& space,
                                   void const* values) {
  Attribute const made(
      MUSTER_H5(H5Acreate_by_name(output_.id(), object.c_str(), name.c_str(), type.get(),
                                  space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
  MUSTER_H5(H5Awrite(made.get(), type.get(), values));
}

void DocumentWriter::attribute(std::string const& object, std::string const& name,
                               std::string_view text) {
  std::vector<std::string> const one{clean_text(text)};
  writing([&] {
    std::size_t const cell = cell_size(one);
    put_attribute(object, name, h5::text_type(cell), scalar(), padded(one, cell).data());
  });
}

void DocumentWriter::attribute(std::string const& object, std::string const& name,
                               std::uint64_t number) {
  writing([&] {
    put_attribute(object, name, Datatype(MUSTER_H5(H5Tcopy(H5T_STD_U64LE))), scalar(), &number);
  });
}

void DocumentWriter::attribute(std::string const& object, std::string const& name, double number) {
  writing([&] {
    put_attribute(object, name, Datatype(MUSTER_H5(H5Tcopy(H5T_IEEE_F64LE))), scalar(), &number);
  });
}

void DocumentWriter::attribute(std::string const& object, std::string const& name,
                               std::span<std::int64_t const> numbers) {
  hsize_t const dims[] = {numbers.size()};
  writing([&] {
    put_attribute(object, name, Datatype(MUSTER_H5(H5Tcopy(H5T_STD_I64LE))), simple(dims),
                  numbers.data());
  });
}

void DocumentWriter::attribute(std::string const& object, std::string const& name,
                               std::vector<std::string> const& texts) {
  if (texts.empty()) return;
  auto const clean = cleaned(texts);
  hsize_t const dims[] = {clean.size()};
  writing([&] {
    std::size_t const cell = cell_size(clean);
    put_attribute(object, name, h5::text_type(cell), simple(dims), padded(clean, cell).data());
  });
}

Dataset DocumentWriter::dataset(std::string const& path, Datatype const& type,
                                std::span<hsize_t const> dims) {
  Dataspace const space = dims.empty() ? scalar() : simple(dims);
  h5::Properties const made(MUSTER_H5(H5Pcreate(H5P_DATASET_CREATE)));
  // All of it is written at once, so filling it first would only cost time; early allocation lets
  // a reader rely on the stored size, empty data included.
  MUSTER_H5(H5Pset_alloc_time(made.get(), H5D_ALLOC_TIME_EARLY));
  MUSTER_H5(H5Pset_fill_time(made.get(), H5D_FILL_TIME_NEVER));
  MUSTER_H5(H5Pset_obj_track_times(made.get(), false));  // equal content, equal bytes
  return Dataset(MUSTER_H5(H5Dcreate2(output_.id(), path.c_str(), type.get(), space.get(),
                                      H5P_DEFAULT, made.get(), H5P_DEFAULT)));
}

void DocumentWriter::text(std::string const& path, std::string_view text) {
  std::vector<std::string> const one{clean_text(text)};
  writing([&] {
    std::size_t const cell = cell_size(one);
    Datatype const type = h5::text_type(cell);
    Dataset const data = dataset(path, type, {});
    MUSTER_H5(
        H5Dwrite(data.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, padded(one, cell).data()));
  });
}

void DocumentWriter::numbers(std::string const& path, std::string_view unit, hid_t type_id,
                             void const* values, std::span<hsize_t const> dims) {
  writing([&] {
    Datatype const type(MUSTER_H5(H5Tcopy(type_id)));
    Dataset const data = dataset(path, type, dims);
    if (dims[0] > 0)
      MUSTER_H5(H5Dwrite(data.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
  });
  attribute(path, "unit", unit);
}

void DocumentWriter::column(std::string const& path, std::string_view unit,
                            std::vector<double> const& values) {
  hsize_t const dims[] = {values.size()};
  numbers(path, unit, H5T_IEEE_F64LE, values.data(), dims);
}

void DocumentWriter::column(std::string const& path, std::string_view unit,
                            std::vector<std::int64_t> const& values) {
  hsize_t const dims[] = {values.size()};
  numbers(path, unit, H5T_STD_I64LE, values.data(), dims);
}

void DocumentWriter::packed(std::string const& path, std::string_view unit,
                            h5::Shape const& shape, void const* values) {
  hsize_t const dims[] = {shape.rows(), shape.row_elements()};
  writing([&] {
    Datatype const type = h5::element_type(shape);
    Dataset const data(MUSTER_H5(H5Dcreate2(output_.id(), path.c_str(), type.get(),
                                            simple(dims).get(), H5P_DEFAULT,
                                            h5::packed_storage(shape).get(), H5P_DEFAULT)));
    h5::write_packed(data.get(), shape, values);
  });
  attribute(path, "unit", unit);
}

void DocumentWriter::matrix(std::string const& path, std::string_view unit,
                            std::vector<double> const& values, std::size_t columns) {
  packed(path, unit, {h5::Element::real, {values.size() / columns, columns}, 8, true},
         values.data());
}

void DocumentWriter::matrix(std::string const& path, std::string_view unit,
                            std::vector<std::uint8_t> const& values, std::size_t columns) {
  packed(path, unit, {h5::Element::byte, {values.size() / columns, columns}, 1, true},
         values.data());
}

void DocumentWriter::column(std::string const& path, std::string_view unit,
                            std::vector<std::string> const& values) {
  auto const clean = cleaned(values);
  std::size_t const cell = cell_size(clean);
  std::size_t const step = std::max<std::size_t>(1, block_bytes / cell);
  hsize_t const dims[] = {clean.size()};
  writing([&] {
    Datatype const type = h5::text_type(cell);
    Dataset const data = dataset(path, type, dims);
    for (std::size_t first = 0; first < clean.size(); first += step) {
      hsize_t const start[] = {first}, count[] = {std::min(step, clean.size() - first)};
      write_rows(data, type, start, count,
                 padded(std::span(clean).subspan(first, count[0]), cell).data());
    }
  });
  attribute(path, "unit", unit);
}

void DocumentWriter::pairs(std::string const& path, std::string_view unit, std::uint64_t rows,
                           PairSource const& source) {
  hsize_t const dims[] = {rows, 2};
  std::vector<std::uint64_t> block(2 * std::min(rows, rows_per_block));
  writing([&] {
    Datatype const type(MUSTER_H5(H5Tcopy(H5T_STD_U64LE)));
    Dataset const data = dataset(path, type, dims);
    for (std::uint64_t first = 0; first < rows; first += rows_per_block) {
      hsize_t const start[] = {first, 0}, count[] = {std::min(rows_per_block, rows - first), 2};
      std::span<std::uint64_t> const portion(block.data(), 2 * count[0]);
      source(first, portion);
      write_rows(data, type, start, count, portion.data());
      output_.require_written();  // a full disk ends it here, not after the last portion
    }
  });
  attribute(path, "unit", unit);
}

void DocumentWriter::finish(std::function<void()> const& last_look) {
  std::string checksum;
  writing([&] {
    checksum =
        h5::walk(output_.id(), file_.target(), std::numeric_limits<std::int64_t>::max()).checksum;
  });
  attribute("/", h5::checksum_attribute, checksum);
  writing([&] { output_.close(); });
  file_.commit(last_look);
}

}  // namespace muster::io
