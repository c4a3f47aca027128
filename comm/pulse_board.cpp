#include "comm/pulse_board.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <new>
#include <string>
#include <utility>

namespace muster::comm {
namespace {

std::size_t bytes_for(int slots) { return static_cast<std::size_t>(slots) * sizeof(PulseBoard::Slot); }

}  // namespace

std::optional<PulseBoard> PulseBoard::map(int fd, int slots) {
  void* const memory = ::mmap(nullptr, bytes_for(slots), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    ::close(fd);
    return std::nullopt;
  }
  return PulseBoard(fd, static_cast<Slot*>(memory), slots);
}

std::optional<PulseBoard> PulseBoard::create(int slots) {
  int const fd = ::memfd_create("muster-pulse", MFD_CLOEXEC);
  if (fd < 0) return std::nullopt;
  if (::ftruncate(fd, static_cast<off_t>(bytes_for(slots))) != 0) {
    ::close(fd);
    return std::nullopt;
  }
  auto board = map(fd, slots);
  if (board)
    for (int slot = 0; slot < slots; ++slot) new (&board->slots_[slot]) Slot;
  return board;
}

std::optional<PulseBoard> PulseBoard::open(pid_t creator, int fd, int slots) {
  std::string const path = "/proc/" + std::to_string(creator) + "/fd/" + std::to_string(fd);
  int const own = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (own < 0) return std::nullopt;
  struct stat status {};
  bool const is_whole = ::fstat(own, &status) == 0 && S_ISREG(status.st_mode) &&
                        static_cast<std::size_t>(status.st_size) == bytes_for(slots);
  if (!is_whole) {
    ::close(own);
    return std::nullopt;
  }
  return map(own, slots);
}

PulseBoard::~PulseBoard() {
  if (slots_ == nullptr) return;
  ::munmap(slots_, bytes_for(count_));
  ::close(fd_);
}

PulseBoard::PulseBoard(PulseBoard&& other) noexcept
    : fd_(other.fd_), slots_(std::exchange(other.slots_, nullptr)), count_(other.count_) {}

PulseBoard& PulseBoard::operator=(PulseBoard&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(slots_, other.slots_);
  std::swap(count_, other.count_);
  return *this;
}

}  // namespace muster::comm
