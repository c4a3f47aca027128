#include "io/h5_output.hpp"

#if __has_include(<H5FDdevelop.h>)
#include <H5FDdevelop.h>
#endif

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "io/steps.hpp"

namespace muster::io::h5 {
namespace {

// The driver: what libhdf5 needs of a file, on a descriptor that is open already. Callbacks do not
// throw. The library casts H5FD_t* to and fro, so the public part comes first.
struct OpenFile {
  H5FD_t base{};
  Output::Sink* sink = nullptr;
  haddr_t end_of_addresses = 0;
  haddr_t end_of_file = 0;
};

struct Config {
  Output::Sink* sink;
};

OpenFile* as_open(H5FD_t* file) { return reinterpret_cast<OpenFile*>(file); }
OpenFile const* as_open(H5FD_t const* file) { return reinterpret_cast<OpenFile const*>(file); }

H5FD_t* driver_open(char const*, unsigned flags, hid_t access, haddr_t) {
  auto const* config = static_cast<Config const*>(H5Pget_driver_info(access));
  // The library first asks whether the file is there already: it is not.
  if (config == nullptr || (flags & H5F_ACC_CREAT) == 0) return nullptr;
  auto* file = new (std::nothrow) OpenFile;
  if (file != nullptr) file->sink = config->sink;
  return reinterpret_cast<H5FD_t*>(file);
}

herr_t driver_close(H5FD_t* file) {
  delete as_open(file);
  return 0;
}

herr_t driver_query(H5FD_t const*, unsigned long* flags) {
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
           H5FD_FEAT_AGGREGATE_SMALLDATA;
  return 0;
}

haddr_t driver_get_eoa(H5FD_t const* file, H5FD_mem_t) { return as_open(file)->end_of_addresses; }
haddr_t driver_get_eof(H5FD_t const* file, H5FD_mem_t) { return as_open(file)->end_of_file; }
herr_t driver_set_eoa(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  as_open(file)->end_of_addresses = address;
  return 0;
}

herr_t driver_read(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size, void* buffer) {
  auto* to = static_cast<char*>(buffer);
  std::memset(to, 0, size);  // what was never written reads as zeros
  for (size_t done = 0; done < size;) {
    ssize_t const got = ::pread(as_open(file)->sink->fd, to + done, size - done,
                                static_cast<off_t>(address + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return 0;
}

herr_t driver_write(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size,
                    void const* buffer) {
  OpenFile& open = *as_open(file);
  if (open.sink->failed == 0) open.sink->failed = write_at(open.sink->fd, buffer, size, address);
  open.end_of_file = std::max(open.end_of_file, address + size);
  return 0;
}

herr_t driver_truncate(H5FD_t* file, hid_t, hbool_t) {
  OpenFile& open = *as_open(file);
  if (open.sink->failed == 0)
    open.sink->failed = truncate_file(open.sink->fd, open.end_of_addresses);
  open.end_of_file = open.end_of_addresses;
  return 0;
}

hid_t register_driver() {
  static H5FD_class_t driver{};
#ifdef H5FD_CLASS_VERSION
  driver.version = H5FD_CLASS_VERSION;
  driver.value = static_cast<H5FD_class_value_t>(600);  // in the range for drivers not registered
#endif
  driver.name = "muster_output";
  driver.maxaddr = (haddr_t{1} << 62) - 1;
  driver.fc_degree = H5F_CLOSE_STRONG;
  driver.fapl_size = sizeof(Config);
  driver.open = driver_open;
  driver.close = driver_close;
  driver.query = driver_query;
  driver.get_eoa = driver_get_eoa;
  driver.set_eoa = driver_set_eoa;
  driver.get_eof = driver_get_eof;
  driver.read = driver_read;
  driver.write = driver_write;
  driver.truncate = driver_truncate;
  H5FD_mem_t const by_kind[H5FD_MEM_NTYPES] = H5FD_FLMAP_DICHOTOMY;
  std::copy(std::begin(by_kind), std::end(by_kind), std::begin(driver.fl_map));
  return MUSTER_H5(H5FDregister(&driver));
}

}  // namespace

Output::Output(AtomicFile& file) : file_(file), sink_{file.fd(), 0} {
  silence_errors();
  static hid_t const driver = register_driver();
  Config const config{&sink_};
  Properties const access(MUSTER_H5(H5Pcreate(H5P_FILE_ACCESS)));
  MUSTER_H5(H5Pset_driver(access.get(), driver, &config));
  MUSTER_H5(H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG));
  // From 1.8 on all metadata carry checksums, so damage is noticed before it is interpreted.
  MUSTER_H5(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V110));
  Properties const made(MUSTER_H5(H5Pcreate(H5P_FILE_CREATE)));
  MUSTER_H5(H5Pset_obj_track_times(made.get(), false));  // equal content, equal bytes
  h5_ = File(MUSTER_H5(H5Fcreate(file.target().c_str(), H5F_ACC_TRUNC, made.get(), access.get())));
  require_written();
}

void Output::require_written() const {
  if (sink_.failed != 0) throw_file_error("write", file_.target(), sink_.failed);
}

void Output::close() {
  MUSTER_H5(H5Fflush(h5_.get(), H5F_SCOPE_GLOBAL));
  bool const is_closed = h5_.reset();
  require_written();
  if (!is_closed) throw_failure("H5Fclose");
}

}  // namespace muster::io::h5
