#include "io/document.hpp"

#include <array>
#include <cstring>

#include "core/text.hpp"
#include "io/h5_signature.hpp"

namespace muster::io {

/// Runs `action`; what libhdf5 cannot do with the file becomes a refusal of the file.
template <class F>
auto Document::reading(F&& action) const {
  try {
    return action();
  } catch (h5::Failure const& failure) {
    refuse("", fmt::format("cannot be read as HDF5: {}", failure.cause()));
  }
}

Document::Document(std::filesystem::path const& path, std::string const& filetype,
                   std::int64_t major)
    : path_(path) {
  file_bytes_ = require_signature(path, filetype);
  reading([&] {
    open();
    require_version(filetype, major);
    walk();
    std::string const stored = text_attribute("/", h5::checksum_attribute);
    if (stored != checksum_)
      refuse("", fmt::format("holds other data than its checksum says ({} in the file, {} of its "
                             "content)",
                             printable(stored, 64), checksum_));
  });
}

Document::Document(std::filesystem::path const& path, AnyProgram const& of) : path_(path), writer_(h5::Writer::any_program) {
  file_bytes_ = require_signature(path, of.filetype);
  reading([&] {
    open();
    walk();
  });
}

void Document::open() {
  h5::silence_errors();
  h5::Properties const access(MUSTER_H5(H5Pcreate(H5P_FILE_ACCESS)));
  // Files appear by rename and never change: locks would only fail on shared file systems.
  MUSTER_H5(H5Pset_file_locking(access.get(), false, true));
  MUSTER_H5(H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG));
  file_ = h5::File(MUSTER_H5(H5Fopen(path_.c_str(), H5F_ACC_RDONLY, access.get())));
}

void Document::walk() {
  auto found = h5::walk(file_.get(), path_, file_bytes_, writer_);
  catalogue_ = std::move(found.catalogue);
  checksum_ = std::move(found.checksum);
}

void Document::require_version(std::string const& filetype, std::int64_t major) const {
  h5::Place const root = place("/");
  auto const type = h5::find_attribute(file_.get(), "filetype", root);
  auto const* name = std::get_if<std::vector<std::string>>(&type.values);
  if (name == nullptr || name->size() != 1) refuse("attribute \"filetype\"", "is not one text");
  MUSTER_REQUIRE(name->front() == filetype,
                 "{} is a \"{}\" file (a {} file is needed here); give a file of that type",
                 path_.string(), printable(name->front()), filetype);
  auto const version = h5::find_attribute(file_.get(), "version", root);
  auto const* numbers = std::get_if<std::vector<std::int64_t>>(&version.values);
  if (numbers == nullptr || numbers->size() != 2)
    refuse("attribute \"version\"", "is not two integers");
  MUSTER_REQUIRE(
      (*numbers)[0] == major,
      "{} is version {}.{}, this muster reads {}.x (the same names may mean other things "
      "there); use {} release",
      path_.string(), (*numbers)[0], (*numbers)[1], major,
      (*numbers)[0] > major ? "a newer" : "an older");
}

void Document::refuse(std::string const& object, std::string_view problem) const {
  h5::refuse(place(object), problem);
}

h5::Entry const& Document::entry(std::string const& object) const {
  auto const found = catalogue_.find(object);
  if (found == catalogue_.end()) refuse(object, "is missing");
  return found->second;
}

bool Document::has_attribute(std::string const& object, std::string const& name) const {
  return entry(object).attributes.contains(name);
}

h5::Values const& Document::single_attribute(std::string const& object,
                                             std::string const& name) const {
  auto const& attributes = entry(object).attributes;
  auto const found = attributes.find(name);
  if (found == attributes.end()) refuse(object, fmt::format("has no attribute \"{}\"", name));
  if (found->second.shape.elements() != 1)
    refuse(object, fmt::format("has more or less than one value in attribute \"{}\"", name));
  return found->second.values;
}

std::string Document::text_attribute(std::string const& object, std::string const& name) const {
  auto const* values = std::get_if<std::vector<std::string>>(&single_attribute(object, name));
  if (values == nullptr) refuse(object, fmt::format("has no text in attribute \"{}\"", name));
  return values->front();
}

std::uint64_t Document::natural_attribute(std::string const& object,
                                          std::string const& name) const {
  auto const* values = std::get_if<std::vector<std::uint64_t>>(&single_attribute(object, name));
  if (values == nullptr)
    refuse(object, fmt::format("has no unsigned integer in attribute \"{}\"", name));
  return values->front();
}

double Document::real_attribute(std::string const& object, std::string const& name) const {
  auto const* values = std::get_if<std::vector<double>>(&single_attribute(object, name));
  if (values == nullptr)
    refuse(object, fmt::format("has no floating-point number in attribute \"{}\"", name));
  return values->front();
}

std::vector<std::string> Document::texts_attribute(std::string const& object,
                                                   std::string const& name) const {
  auto const& attributes = entry(object).attributes;
  auto const found = attributes.find(name);
  if (found == attributes.end()) return {};
  auto const* values = std::get_if<std::vector<std::string>>(&found->second.values);
  if (values == nullptr) refuse(object, fmt::format("has no texts in attribute \"{}\"", name));
  return *values;
}

std::vector<std::string> const& Document::children(std::string const& group) const {
  auto const& found = entry(group);
  if (found.kind != h5::Entry::Kind::group) refuse(group, "is not a group");
  return found.children;
}

h5::Shape const& Document::shape(std::string const& dataset) const {
  auto const& found = entry(dataset);
  if (found.kind != h5::Entry::Kind::dataset) refuse(dataset, "is not a dataset");
  return found.shape;
}

std::string Document::text(std::string const& dataset) const {
  h5::Shape const& found = shape(dataset);
  if (found.element != h5::Element::text || !found.dims.empty())
    refuse(dataset, "is not a single text");
  std::vector<std::byte> bytes(found.element_bytes);
  return reading([&] {
    h5::Dataset const data(MUSTER_H5(H5Dopen2(file_.get(), dataset.c_str(), H5P_DEFAULT)));
    h5::read_rows(data.get(), found, 0, 1, bytes.data());
    return std::string(h5::text_of(bytes, place(dataset)));
  });
}

h5::Values Document::column(std::string const& dataset) const {
  h5::Shape const& found = shape(dataset);
  if (found.dims.size() != 1) refuse(dataset, "is not one-dimensional");
  return values(dataset, found);
}

h5::Values Document::values(std::string const& dataset, h5::Shape const& shape) const {
  std::vector<std::byte> bytes(shape.elements() * shape.element_bytes);
  return reading([&] {
    h5::Dataset const data(MUSTER_H5(H5Dopen2(file_.get(), dataset.c_str(), H5P_DEFAULT)));
    auto* next = bytes.data();
    h5::for_each_block(data.get(), shape, place(dataset),
                       [&](std::span<std::byte const> block) {
                         next = std::copy(block.begin(), block.end(), next);
                       });
    return h5::values_of(bytes, shape, place(dataset));
  });
}

template <class T>
std::vector<T> Document::column_of(std::string const& dataset, std::uint64_t rows) const {
  auto values = column(dataset);
  auto* typed = std::get_if<std::vector<T>>(&values);
  if (typed == nullptr) refuse(dataset, "has elements of another type than belongs there");
  if (typed->size() != rows)
    refuse(dataset, fmt::format("has {} rows where {} belong", typed->size(), rows));
  return std::move(*typed);
}

template std::vector<double> Document::column_of(std::string const&, std::uint64_t) const;
template std::vector<std::int64_t> Document::column_of(std::string const&, std::uint64_t) const;
template std::vector<std::uint64_t> Document::column_of(std::string const&, std::uint64_t) const;
template std::vector<std::string> Document::column_of(std::string const&, std::uint64_t) const;

template <class T>
std::vector<T> Document::matrix_of(std::string const& dataset, std::uint64_t rows,
                                   std::uint64_t columns) const {
  h5::Shape const& found = shape(dataset);
  if (found.dims != std::vector{rows, columns})
    refuse(dataset, fmt::format("is not of {} rows and {} columns", rows, columns));
  auto read = values(dataset, found);
  auto* typed = std::get_if<std::vector<T>>(&read);
  if (typed == nullptr) refuse(dataset, "has elements of another type than belongs there");
  return std::move(*typed);
}

template std::vector<double> Document::matrix_of(std::string const&, std::uint64_t,
                                                 std::uint64_t) const;
template std::vector<std::uint8_t> Document::matrix_of(std::string const&, std::uint64_t,
                                                       std::uint64_t) const;

void Document::pairs(std::string const& dataset, std::uint64_t first,
                     std::span<std::uint64_t> out) const {
  h5::Shape const& found = shape(dataset);
  if (found.element != h5::Element::natural || found.dims.size() != 2 || found.dims[1] != 2)
    refuse(dataset, "does not hold pairs of unsigned integers");
  std::uint64_t const rows = out.size() / 2;
  MUSTER_ASSERT(first <= found.rows() && rows <= found.rows() - first, "rows {}+{} of {}", first,
                rows, found.rows());
  reading([&] {
    h5::Dataset const data(MUSTER_H5(H5Dopen2(file_.get(), dataset.c_str(), H5P_DEFAULT)));
    h5::read_rows(data.get(), found, first, rows, out.data());
  });
}

}  // namespace muster::io
