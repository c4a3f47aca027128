// A muster HDF5 file opened for reading: structure and checksum of the whole file hold before any
// member function returns a value. All failures are Error (Exit::user) naming file and object.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/h5_walk.hpp"

namespace muster::io {

class Document {
 public:
  /// `filetype` as in the root attribute, e.g. "muster-result"; versions major.* are read.
  Document(std::filesystem::path const& path, std::string const& filetype, std::int64_t major);
  /// A file that any program has written: without type, version and checksum, but of the same elements.
  struct AnyProgram {
    std::string filetype;  ///< for messages
  };
  Document(std::filesystem::path const& path, AnyProgram const& of);

  std::filesystem::path const& path() const { return path_; }
  /// SHA-256 of all that is in it (docs/formats/digests-of-files.md).
  std::string const& checksum() const { return checksum_; }
  [[noreturn]] void refuse(std::string const& object, std::string_view problem) const;

  bool has(std::string const& object) const { return catalogue_.contains(object); }
  bool has_attribute(std::string const& object, std::string const& name) const;
  std::string text_attribute(std::string const& object, std::string const& name) const;
  std::uint64_t natural_attribute(std::string const& object, std::string const& name) const;
  double real_attribute(std::string const& object, std::string const& name) const;
  /// Empty when there is no such attribute: HDF5 attributes of no elements are not written.
  std::vector<std::string> texts_attribute(std::string const& object,
                                           std::string const& name) const;

  /// Names in a group, sorted.
  std::vector<std::string> const& children(std::string const& group) const;
  h5::Shape const& shape(std::string const& dataset) const;
  /// One text of any length.
  std::string text(std::string const& dataset) const;
  /// A one-dimensional dataset.
  h5::Values column(std::string const& dataset) const;
  /// The same, of type T and with `rows` rows.
  template <class T>
  std::vector<T> column_of(std::string const& dataset, std::uint64_t rows) const;
  /// A two-dimensional dataset of type T, row after row.
  template <class T>
  std::vector<T> matrix_of(std::string const& dataset, std::uint64_t rows,
                           std::uint64_t columns) const;
  /// Rows of a two-column dataset of naturals, [first, first + out.size() / 2).
  void pairs(std::string const& dataset, std::uint64_t first, std::span<std::uint64_t> out) const;

 private:
  h5::Values values(std::string const& dataset, h5::Shape const& shape) const;
  h5::Entry const& entry(std::string const& object) const;
  h5::Values const& single_attribute(std::string const& object, std::string const& name) const;
  template <class F>
  auto reading(F&& action) const;
  void open();
  void walk();
  h5::Place place(std::string object) const { return {path_, std::move(object), file_bytes_, writer_}; }
  void require_version(std::string const& filetype, std::int64_t major) const;

  std::filesystem::path path_;
  std::uint64_t file_bytes_ = 0;
  h5::Writer writer_ = h5::Writer::muster;
  h5::File file_;
  h5::Catalogue catalogue_;
  std::string checksum_;
};

}  // namespace muster::io
