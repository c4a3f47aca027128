#include "io/h5.hpp"

#include "io/libraries.hpp"
#include "io/text_rules.hpp"

namespace muster::io::h5 {
namespace {

/// H5Ewalk callback: keeps the description of the entry visited last, the innermost one.
herr_t keep_description(unsigned, H5E_error2_t const* entry, void* kept) {
  if (entry->desc != nullptr && *entry->desc != '\0')
    *static_cast<std::string*>(kept) = entry->desc;
  return 0;
}

/// "H5Dread(data.get(), ...)" -> "H5Dread"
std::string function_name(std::string const& call) { return call.substr(0, call.find('(')); }

}  // namespace

Failure::Failure(std::string call, std::string cause)
    : Error(
          Exit::environment,
          fmt::format("HDF5's {} failed: {} (the file cannot be used); check the file and the disk",
                      call, cause)),
      cause_(std::move(cause)) {}

void silence_errors() {
  // Debian's libhdf5 is thread safe: each thread has an error stack, and a switch, of its own.
  static thread_local bool const done = H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
  static_cast<void>(done);
}

void throw_failure(char const* call) {
  std::string cause;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_description, &cause);
  H5Eclear2(H5E_DEFAULT);
  // The text may quote names from a hostile file.
  cause = shorten(clean_text(cause), 200);
  throw Failure(function_name(call), cause.empty() ? "no cause given" : cause);
}

Datatype text_type(std::size_t size) {
  Datatype type(MUSTER_H5(H5Tcopy(H5T_C_S1)));
  MUSTER_H5(H5Tset_size(type.get(), size));
  MUSTER_H5(H5Tset_strpad(type.get(), H5T_STR_NULLPAD));
  MUSTER_H5(H5Tset_cset(type.get(), H5T_CSET_UTF8));
  return type;
}

}  // namespace muster::io::h5

namespace muster::io {

std::string hdf5_version() {
  unsigned major = 0, minor = 0, release = 0;
  MUSTER_H5(H5get_libversion(&major, &minor, &release));
  return fmt::format("{}.{}.{}", major, minor, release);
}

}  // namespace muster::io
