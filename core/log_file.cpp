#include "core/log_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace muster::log {

LogFile::LogFile(std::filesystem::path const& path)
    : path_(path),
      fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666)) {
  struct stat facts {};
  if (fd_ < 0 || (::fstat(fd_, &facts) == 0 && S_ISREG(facts.st_mode))) return;
  ::close(fd_);
  fd_ = -1;
}

LogFile::~LogFile() {
  if (fd_ >= 0) ::close(fd_);
}

void LogFile::append(std::string_view line) {
  if (fd_ < 0 || line.size() > most_log_bytes / 2) return;
  struct stat facts {};
  bool const is_full = ::fstat(fd_, &facts) == 0 &&
                       static_cast<std::uint64_t>(facts.st_size) + line.size() > most_log_bytes;
  if (is_full) drop_older_half();
  // In one piece, so that lines of two starts cannot mix.
  [[maybe_unused]] ssize_t const written = ::write(fd_, line.data(), line.size());
}

void LogFile::drop_older_half() {
  struct stat facts {};
  if (::fstat(fd_, &facts) != 0) return;
  std::string kept(most_log_bytes / 2, '\0');
  ssize_t const got = ::pread(fd_, kept.data(), kept.size(), facts.st_size - static_cast<off_t>(kept.size()));
  kept.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  kept.erase(0, kept.find('\n') + 1);  // no half line
  if (::ftruncate(fd_, 0) != 0) return;
  [[maybe_unused]] ssize_t const written = ::write(fd_, kept.data(), kept.size());
}

}  // namespace muster::log
