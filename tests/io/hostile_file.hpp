// Changes a good muster file through plain HDF5, as somebody hostile would.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "io/h5.hpp"

namespace muster::io {

/// Opens the file for writing and lets `change` at it.
void tamper(std::filesystem::path const& path, std::function<void(hid_t file)> const& change);
/// Makes the checksum fit whatever the file now holds, so that only the later checks can notice.
void reseal(std::filesystem::path const& path);

void set_text(hid_t file, std::string const& object, std::string const& name,
              std::string const& text);
void set_number(hid_t file, std::string const& object, std::string const& name, hid_t type,
                void const* value);
void remove_attribute(hid_t file, std::string const& object, std::string const& name);
void remove_object(hid_t file, std::string const& path);
/// A dataset without data. `made` may carry chunks, filters or external files.
void put_dataset(hid_t file, std::string const& path, hid_t type, hid_t space,
                 hid_t made = H5P_DEFAULT);
void put_numbers(hid_t file, std::string const& path, hid_t type, hsize_t count,
                 void const* values);

}  // namespace muster::io
