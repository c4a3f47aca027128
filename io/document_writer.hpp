// A muster HDF5 file being written: groups, texts and columns, then a checksum over all of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/atomic_file.hpp"
#include "io/h5_output.hpp"
#include "io/h5_shape.hpp"

namespace muster::io {

/// Objects are named by absolute path; a group is made before its members. Texts are stored through
/// clean_text (text_rules.hpp). Nothing appears under the target's name before finish().
/// Throws Error: Exit::environment for disk and permission.
class DocumentWriter {
 public:
  DocumentWriter(std::filesystem::path const& target, std::string const& filetype,
                 std::int64_t major, std::int64_t minor);

  void group(std::string const& path);
  void attribute(std::string const& object, std::string const& name, std::string_view text);
  void attribute(std::string const& object, std::string const& name, std::uint64_t number);
  void attribute(std::string const& object, std::string const& name, double number);
  void attribute(std::string const& object, std::string const& name,
                 std::span<std::int64_t const> numbers);
  /// Writes nothing when there are no texts.
  void attribute(std::string const& object, std::string const& name,
                 std::vector<std::string> const& texts);
  /// One text of any length.
  void text(std::string const& path, std::string_view text);
  void column(std::string const& path, std::string_view unit, std::vector<double> const& values);
  void column(std::string const& path, std::string_view unit,
              std::vector<std::int64_t> const& values);
  void column(std::string const& path, std::string_view unit,
              std::vector<std::string> const& values);
  /// Values row after row, each of `columns` of them; packed (h5_packed.hpp). Not empty.
  void matrix(std::string const& path, std::string_view unit, std::vector<double> const& values,
              std::size_t columns);
  void matrix(std::string const& path, std::string_view unit,
              std::vector<std::uint8_t> const& values, std::size_t columns);
  /// `rows` x 2 unsigned integers, fetched portion by portion.
  using PairSource = std::function<void(std::uint64_t first, std::span<std::uint64_t> out)>;
  void pairs(std::string const& path, std::string_view unit, std::uint64_t rows,
             PairSource const& source);

  /// Adds the checksum, makes the file durable and gives it its name; see AtomicFile::commit.
  void finish(std::function<void()> const& last_look = {});

 private:
  template <class F>
  void writing(F&& action);
  h5::Dataset dataset(std::string const& path, h5::Datatype const& type,
                      std::span<hsize_t const> dims);
  void packed(std::string const& path, std::string_view unit, h5::Shape const& shape,
              void const* values);
  void numbers(std::string const& path, std::string_view unit, hid_t type, void const* values,
               std::span<hsize_t const> dims);
  void put_attribute(std::string const& object, std::string const& name, h5::Datatype const& type,
                     h5::Dataspace const& space, void const* values);

  AtomicFile file_;
  h5::Output output_;
};

}  // namespace muster::io
