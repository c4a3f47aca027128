// An HDF5 file being written into an AtomicFile.
#pragma once

#include <cstdint>

#include "io/atomic_file.hpp"
#include "io/h5.hpp"

namespace muster::io::h5 {

/// Creates an HDF5 file in `file` through a driver of muster's own. libhdf5 (1.10 as much as later)
/// crashes when it closes a file whose last writes failed, so the driver remembers the first
/// failure, answers "written" from then on, and require_written() reports it.
class Output {
 public:
  explicit Output(AtomicFile& file);
  Output(Output const&) = delete;
  Output& operator=(Output const&) = delete;

  hid_t id() const { return h5_.get(); }
  /// Throws Error (Exit::environment) when a write has failed so far: disk full, size limit.
  void require_written() const;
  /// Closes the HDF5 file, so that all of it is in `file`. Throws as require_written does.
  void close();

  /// What the driver works on; owned here, used by the callbacks.
  struct Sink {
    int fd = -1;
    int failed = 0;  ///< errno of the first failed write
  };

 private:
  AtomicFile& file_;
  Sink sink_;
  File h5_;  // closed before sink_ goes
};

}  // namespace muster::io::h5
