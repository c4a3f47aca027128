#include "hostile_file.hpp"

#include "io/h5_walk.hpp"

namespace muster::io {
namespace {

void put_attribute(hid_t file, std::string const& object, std::string const& name, hid_t type,
                   void const* value) {
  h5::Dataspace const space(MUSTER_H5(H5Screate(H5S_SCALAR)));
  h5::Attribute const made(
      MUSTER_H5(H5Acreate_by_name(file, object.c_str(), name.c_str(), type, space.get(),
                                  H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
  MUSTER_H5(H5Awrite(made.get(), type, value));
}

}  // namespace

void tamper(std::filesystem::path const& path, std::function<void(hid_t)> const& change) {
  h5::silence_errors();
  h5::Properties const access(MUSTER_H5(H5Pcreate(H5P_FILE_ACCESS)));
  MUSTER_H5(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V110));
  h5::File file(MUSTER_H5(H5Fopen(path.c_str(), H5F_ACC_RDWR, access.get())));
  change(file.get());
  MUSTER_H5(file.reset() ? 0 : -1);
}

void reseal(std::filesystem::path const& path) {
  tamper(path, [&](hid_t file) {
    std::string const checksum = h5::walk(file, path, std::filesystem::file_size(path)).checksum;
    set_text(file, "/", h5::checksum_attribute, checksum);
  });
}

void set_text(hid_t file, std::string const& object, std::string const& name,
              std::string const& text) {
  remove_attribute(file, object, name);
  put_attribute(file, object, name, h5::text_type(std::max<std::size_t>(1, text.size())).get(),
                text.c_str());
}

void set_number(hid_t file, std::string const& object, std::string const& name, hid_t type,
                void const* value) {
  remove_attribute(file, object, name);
  put_attribute(file, object, name, type, value);
}

void remove_attribute(hid_t file, std::string const& object, std::string const& name) {
  if (MUSTER_H5(H5Aexists_by_name(file, object.c_str(), name.c_str(), H5P_DEFAULT)) > 0)
    MUSTER_H5(H5Adelete_by_name(file, object.c_str(), name.c_str(), H5P_DEFAULT));
}

void remove_object(hid_t file, std::string const& path) {
  MUSTER_H5(H5Ldelete(file, path.c_str(), H5P_DEFAULT));
}

void put_dataset(hid_t file, std::string const& path, hid_t type, hid_t space, hid_t made) {
  h5::Dataset const data(
      MUSTER_H5(H5Dcreate2(file, path.c_str(), type, space, H5P_DEFAULT, made, H5P_DEFAULT)));
}

void put_numbers(hid_t file, std::string const& path, hid_t type, hsize_t count,
                 void const* values) {
  h5::Dataspace const space(MUSTER_H5(H5Screate_simple(1, &count, nullptr)));
  h5::Dataset const data(MUSTER_H5(
      H5Dcreate2(file, path.c_str(), type, space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
  MUSTER_H5(H5Dwrite(data.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
}

}  // namespace muster::io
