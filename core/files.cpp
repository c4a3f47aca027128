#include "core/files.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "core/error.hpp"
#include "core/text.hpp"

namespace muster {

std::string read_whole_file(std::filesystem::path const& path, std::uint64_t limit_bytes,
                            std::string_view what) {
  std::error_code fault;
  auto const status = std::filesystem::status(path, fault);
  MUSTER_REQUIRE(std::filesystem::exists(status), "{}: no such {} ({}); check the path",
                 path.string(), what, fault ? fault.message() : "nothing there");
  MUSTER_REQUIRE(std::filesystem::is_regular_file(status),
                 "{}: not a regular file (a {} is read whole); give a plain file", path.string(),
                 what);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  MUSTER_REQUIRE(file.is_open(), "{}: cannot open the {} ({}); check its permissions",
                 path.string(), what, std::strerror(errno));
  // The size is not trusted beforehand: the file may grow while it is read.
  std::string text;
  std::string buffer(std::size_t{1} << 16, '\0');
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), file.gcount() > 0) {
    text.append(buffer, 0, static_cast<std::size_t>(file.gcount()));
    MUSTER_REQUIRE(text.size() <= limit_bytes,
                   "{}: larger than {} (the limit for a {}); split it into smaller files",
                   path.string(), human_bytes(limit_bytes), what);
  }
  MUSTER_REQUIRE(!file.bad(), "{}: reading the {} failed ({}); check the disk", path.string(), what,
                 std::strerror(errno));
  return text;
}

}  // namespace muster
