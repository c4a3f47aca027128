#include "io/small_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/atomic_file.hpp"
#include "io/steps.hpp"

namespace muster::io {
namespace {

constexpr int most_openings = 5;
constexpr std::size_t portion_bytes = std::size_t{1} << 16;

void require_small(int fd, std::filesystem::path const& path, std::uint64_t limit_bytes) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) throw_file_error("read", path, errno);
  MUSTER_REQUIRE(S_ISREG(facts.st_mode),
                 "{} is no regular file (muster writes and reads none else there); remove it",
                 path.string());
  MUSTER_REQUIRE(static_cast<std::uint64_t>(facts.st_size) <= limit_bytes,
                 "{} has {} (at most {} are believed of such a file); remove it", path.string(),
                 human_bytes(static_cast<std::uint64_t>(facts.st_size)), human_bytes(limit_bytes));
}

/// 0 or an errno.
int read_all(int fd, std::uint64_t limit_bytes, std::string& bytes) {
  while (bytes.size() <= limit_bytes) {
    std::size_t const before = bytes.size();
    bytes.resize(before + portion_bytes);
    ssize_t const got =
        ::pread(fd, bytes.data() + before, portion_bytes, static_cast<off_t>(before));
    int const failed = got < 0 ? errno : 0;
    bytes.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (failed == EINTR) continue;
    if (failed != 0 || got == 0) return failed;
  }
  return EFBIG;  // it has grown since
}

}  // namespace

std::optional<std::string> read_if_there(std::filesystem::path const& path,
                                         std::uint64_t limit_bytes) {
  int failed = ESTALE;
  for (int attempt = 0; failed == ESTALE && attempt < most_openings; ++attempt) {
    FileDescriptor fd;
    failed = open_to_read(path, fd);
    if (failed == ENOENT || failed == ENOTDIR) return std::nullopt;
    if (failed != 0) continue;
    require_small(fd.get(), path, limit_bytes);
    std::string bytes;
    failed = read_all(fd.get(), limit_bytes, bytes);
    if (failed == 0) return bytes;
  }
  throw_file_error("read", path, failed);
}

}  // namespace muster::io
