// HDF5's C API behind handles that close themselves and calls that throw. Only io/*.cpp include
// this.
#pragma once

#include <hdf5.h>

#include <string>
#include <utility>

#include "core/error.hpp"

namespace muster::io::h5 {

/// What libhdf5 said when a call failed. Callers that know the file turn it into their own message.
class Failure : public Error {
 public:
  Failure(std::string call, std::string cause);
  /// Innermost entry of HDF5's error stack, e.g. "bad object header version number".
  std::string const& cause() const { return cause_; }

 private:
  std::string cause_;
};

/// Stops HDF5 from printing its error stack, for the calling thread. MUSTER_H5 relies on it.
void silence_errors();
[[noreturn]] void throw_failure(char const* call);

/// The value of an HDF5 call that did not fail.
template <class T>
T check(T value, char const* call) {
  if (value < 0) throw_failure(call);
  return value;
}

/// An HDF5 identifier with an owner.
template <herr_t (*close)(hid_t)>
class Handle {
 public:
  Handle() = default;
  explicit Handle(hid_t id) : id_(id) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  ~Handle() { reset(); }

  hid_t get() const { return id_; }
  /// Closes now; true when there was nothing to close or it worked.
  bool reset() { return id_ < 0 || close(std::exchange(id_, H5I_INVALID_HID)) >= 0; }

 private:
  hid_t id_ = H5I_INVALID_HID;
};

using File = Handle<H5Fclose>;
using Group = Handle<H5Gclose>;
using Object = Handle<H5Oclose>;
using Dataset = Handle<H5Dclose>;
using Dataspace = Handle<H5Sclose>;
using Datatype = Handle<H5Tclose>;
using Attribute = Handle<H5Aclose>;
using Properties = Handle<H5Pclose>;

/// Fixed-length UTF-8 padded with zeros; `size` bytes, at least 1. Variable-length strings are
/// neither written nor read: libhdf5 1.10 overruns its buffer on ones that lie about their length.
Datatype text_type(std::size_t size);

}  // namespace muster::io::h5

/// The value of an HDF5 call; throws muster::io::h5::Failure when it is negative.
#define MUSTER_H5(call) ::muster::io::h5::check((call), #call)
