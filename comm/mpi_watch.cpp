#include "comm/mpi_watch.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "core/error.hpp"
#include "core/log.hpp"

namespace muster::comm {
namespace {

/// What ranks of a machine tell each other; sent as bytes between processes of one build.
struct Card {
  std::int64_t rank = 0;
  std::int64_t pid = 0;
  std::uint64_t start_ticks = 0;
  std::uint64_t pid_namespace = 0;
};

std::uint64_t own_pid_namespace() {
  struct stat status {};
  return ::stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

std::vector<Card> exchange_cards(MPI_Comm machine, int rank) {
  int size = 0;
  MUSTER_MPI(MPI_Comm_size(machine, &size));
  auto const process = own_process();
  Card const own{rank, process.pid, process.start_ticks, own_pid_namespace()};
  std::vector<Card> cards(static_cast<std::size_t>(size));
  MUSTER_MPI(MPI_Allgather(&own, sizeof own, MPI_BYTE, cards.data(), sizeof own, MPI_BYTE, machine));
  return cards;
}

bool can_all(MPI_Comm machine, bool can) {
  int mine = can ? 1 : 0, all = 0;
  MUSTER_MPI(MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_MIN, machine));
  return all != 0;
}

/// Made by the first rank, opened by the others; nullopt where one of them cannot.
std::optional<PulseBoard> share_board(MPI_Comm machine, std::vector<Card> const& cards) {
  int place = 0;
  MUSTER_MPI(MPI_Comm_rank(machine, &place));
  auto const slots = static_cast<int>(cards.size());
  auto board = place == 0 ? PulseBoard::create(slots) : std::nullopt;
  int fd = board ? board->fd() : -1;
  MUSTER_MPI(MPI_Bcast(&fd, 1, MPI_INT, 0, machine));
  if (place != 0 && fd >= 0) board = PulseBoard::open(static_cast<pid_t>(cards.front().pid), fd, slots);
  if (can_all(machine, board.has_value())) return board;
  log::info("ranks of this machine share no memory: a rank that is stopped is noticed by its silence alone");
  return std::nullopt;
}

/// Out, from the watch's thread: the message thread is inside MPI and will not come back.
[[noreturn]] void leave_stuck_mpi(int rank) {
  log::error("rank {}: MPI has not come back from a call (another rank or the network has gone); leaving, the run can "
             "be resumed", rank);
  std::fflush(nullptr);
  ::_exit(rank == 0 ? static_cast<int>(Exit::stopped) : 0);
}

}  // namespace

std::unique_ptr<NodeWatch> watch_machine(MPI_Comm comm, std::function<void()> wake) {
  int rank = 0;
  MUSTER_MPI(MPI_Comm_rank(comm, &rank));
  MPI_Comm machine = MPI_COMM_NULL;
  MUSTER_MPI(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &machine));
  auto const cards = exchange_cards(machine, rank);
  bool const is_one_namespace = std::all_of(cards.begin(), cards.end(), [&](Card const& card) {
    return card.pid_namespace == cards.front().pid_namespace;
  });
  std::unique_ptr<NodeWatch> watch;
  if (is_one_namespace) {
    auto board = share_board(machine, cards);
    std::vector<Neighbour> neighbours;
    for (auto const& card : cards)
      neighbours.push_back({static_cast<int>(card.rank), {static_cast<pid_t>(card.pid), card.start_ticks}});
    watch = std::make_unique<NodeWatch>(std::move(neighbours), rank, std::move(board), std::move(wake),
                                        [rank] { leave_stuck_mpi(rank); });
  }
  MUSTER_MPI(MPI_Comm_free(&machine));
  return watch;
}

}  // namespace muster::comm
