// Reductions over MPI, in host memory.
#include <algorithm>

#include "comm/backoff.hpp"
#include "comm/mpi_runtime.hpp"
#include "comm/reduce.hpp"
#include "core/error.hpp"

namespace muster::comm {
namespace {

/// Per MPI call: counts are ints, and MPI's own buffers are as large as one call.
constexpr std::size_t chunk = std::size_t{1} << 22;

using Buffer = std::vector<std::uint64_t>;

/// Buffers of sums that failed: MPI may read and write them until the process ends.
std::vector<std::unique_ptr<Buffer>>& abandoned() {
  static std::vector<std::unique_ptr<Buffer>> buffers;
  return buffers;
}

class MpiReducer : public Reducer {
 public:
  MpiReducer() {
    start_mpi();
    MUSTER_MPI(MPI_Comm_dup(MPI_COMM_WORLD, &comm_));
    MUSTER_MPI(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN));
    MUSTER_MPI(MPI_Comm_rank(comm_, &rank_));
    MUSTER_MPI(MPI_Comm_size(comm_, &size_));
  }
  ~MpiReducer() override {
    // After a failure the request still reads and writes memory: leave it and the communicator
    // alone.
    if (!is_void_) MPI_Comm_free(&comm_);
  }
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  Memory memory() const override { return Memory::host; }
  std::string describe() const override { return "MPI"; }

  void begin(std::int64_t* values, std::size_t count) override { values_ = {values, count}; }
  void finish(Patience const& patience) override {
    MUSTER_ASSERT(!is_void_, "a sum on a group that failed before");
    auto const until = Backoff::Clock::now() + patience.deadline;
    for (std::size_t first = 0; first < values_.size(); first += chunk)
      sum_chunk(values_.subspan(first, std::min(chunk, values_.size() - first)), until, patience);
  }

 private:
  void sum_chunk(std::span<std::int64_t> values, Backoff::Clock::time_point until, Patience const& patience) {
    // Sent from a buffer of its own, so that a void sum never writes into the caller's array later.
    auto buffer = std::make_unique<Buffer>(values.begin(), values.end());
    MPI_Request request = MPI_REQUEST_NULL;
    // Unsigned: its overflow wraps by definition.
    MUSTER_MPI(MPI_Iallreduce(MPI_IN_PLACE, buffer->data(), static_cast<int>(values.size()), MPI_UINT64_T,
                              MPI_SUM, comm_, &request));
    int done = 0;
    for (backoff_.restart();; backoff_.pause(until, std::chrono::microseconds{50})) {
      MUSTER_MPI(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
      if (done || Backoff::Clock::now() >= until || (patience.is_over && patience.is_over())) break;
    }
    if (!done) give_up(std::move(buffer));
    std::ranges::copy(*buffer, values.begin());
  }
  [[noreturn]] void give_up(std::unique_ptr<Buffer> buffer) {
    abandoned().push_back(std::move(buffer));
    is_void_ = true;
    forbid_mpi_finalize();
    throw Error(
        Exit::environment,
        fmt::format("a sum over {} ranks did not complete in time (a rank has stopped or failed); "
                    "run again to resume",
                    size_),
        Retry::may_help);
  }

  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0;
  int size_ = 1;
  bool is_void_ = false;
  std::span<std::int64_t> values_;
  Backoff backoff_;
};

}  // namespace

std::unique_ptr<Reducer> make_mpi_reducer() { return std::make_unique<MpiReducer>(); }

}  // namespace muster::comm
