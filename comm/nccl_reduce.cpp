// Reductions between GPUs over NCCL. This file and reduce.hpp are all that muster knows of NCCL.
#include "comm/reduce.hpp"
#include "core/error.hpp"

#if defined(MUSTER_HAVE_NCCL)

#include <cuda_runtime.h>
#include <nccl.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "comm/backoff.hpp"

namespace muster::comm {
namespace {

using Clock = Backoff::Clock;

std::string_view name_of(std::string_view call) { return call.substr(0, call.find('(')); }

void check_nccl(ncclResult_t code, char const* call) {
  if (code == ncclSuccess || code == ncclInProgress) return;
  throw Error(
      Exit::environment,
      fmt::format("{} failed: {} (GPUs can no longer sum across ranks); set NCCL_DEBUG=INFO to see "
                  "why, run again to resume",
                  name_of(call), ncclGetErrorString(code)),
      Retry::may_help);
}

void check_cuda(cudaError_t code, char const* call) {
  MUSTER_REQUIRE_ENV(
      code == cudaSuccess,
      "{} failed: {} (the GPU cannot be used); check nvidia-smi, run again to resume",
      name_of(call), cudaGetErrorString(code));
}

}  // namespace

#define MUSTER_NCCL(call) check_nccl((call), #call)
#define MUSTER_CUDA(call) check_cuda((call), #call)

namespace {

/// How long to wait, from now on.
struct Wait {
  Clock::time_point until;
  std::function<bool()> const& is_over;
  explicit Wait(Patience const& patience) : until(Clock::now() + patience.deadline), is_over(patience.is_over) {}
  bool has_ended() const { return Clock::now() >= until || (is_over && is_over()); }
};

/// Memory of the host that a GPU reads and writes in place.
class Words {
 public:
  ~Words() { release(); }
  std::span<std::int64_t> of(std::size_t count) {
    if (words_.size() < count) grow(count);
    return std::span(words_).first(count);
  }

 private:
  void grow(std::size_t count) {
    release();
    words_.assign(count, 0);
    MUSTER_CUDA(cudaHostRegister(words_.data(), count * sizeof(std::int64_t), cudaHostRegisterPortable));
    is_registered_ = true;
  }
  void release() {
    if (std::exchange(is_registered_, false)) cudaHostUnregister(words_.data());
    words_.clear();
  }
  std::vector<std::int64_t> words_;
  bool is_registered_ = false;
};

/// Non-blocking communicator: every call returns at once and is polled, so that a lost rank ends in
/// a deadline and an abort instead of a hang.
class NcclReducer : public Reducer {
 public:
  /// Begins to meet the others; meet() waits for them.
  NcclReducer(NcclId const& id, int rank, int size, int device) : rank_(rank), size_(size), device_(device) {
    MUSTER_CUDA(cudaSetDevice(device_));
    MUSTER_CUDA(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
    ncclUniqueId unique;
    static_assert(sizeof unique == sizeof(NcclId));
    std::memcpy(&unique, id.data(), sizeof unique);
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;
    try {
      MUSTER_NCCL(ncclCommInitRankConfig(&comm_, size_, unique, rank_, &config));
    } catch (...) {
      release();
      throw;
    }
  }
  ~NcclReducer() override { release(); }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  Memory memory() const override { return Memory::cuda; }
  std::string describe() const override {
    int version = 0;
    MUSTER_NCCL(ncclGetVersion(&version));
    return fmt::format("NCCL {}.{}.{}", version / 10000, version / 100 % 100, version % 100);
  }

  void meet(Patience const& patience) {
    MUSTER_CUDA(cudaSetDevice(device_));
    settle(Wait(patience), "start");
  }

  void begin(std::int64_t* values, std::size_t count) override {
    MUSTER_ASSERT(comm_ != nullptr, "a sum on a group that failed before");
    MUSTER_CUDA(cudaSetDevice(device_));
    // Unsigned: its overflow wraps by definition; costs the bandwidth of any 64-bit type.
    MUSTER_NCCL(ncclAllReduce(values, values, count, ncclUint64, ncclSum, comm_, stream_));
  }
  void finish(Patience const& patience) override {
    MUSTER_CUDA(cudaSetDevice(device_));
    Wait const wait(patience);
    settle(wait, "begin a sum");
    for (backoff_.restart();; backoff_.pause(wait.until, std::chrono::microseconds{50})) {
      cudaError_t const state = cudaStreamQuery(stream_);
      if (state == cudaSuccess) return;
      if (state != cudaErrorNotReady) MUSTER_CUDA(state);
      refuse_failure("sum");
      if (wait.has_ended()) give_up("complete a sum");
    }
  }
  void sum_words(std::span<std::int64_t> words, Patience const& patience) override {
    MUSTER_CUDA(cudaSetDevice(device_));
    auto const there = words_.of(words.size());
    std::ranges::copy(words, there.begin());
    begin(there.data(), there.size());
    finish(patience);
    std::ranges::copy(there, words.begin());
  }

 private:
  /// Waits until the communicator has taken the last call.
  void settle(Wait const& wait, char const* what) {
    for (backoff_.restart();; backoff_.pause(wait.until, std::chrono::microseconds{200})) {
      if (refuse_failure(what) == ncclSuccess) return;
      if (wait.has_ended()) give_up(what);
    }
  }
  ncclResult_t refuse_failure(char const* what) {
    ncclResult_t state = ncclSuccess;
    MUSTER_NCCL(ncclCommGetAsyncError(comm_, &state));
    if (state != ncclSuccess && state != ncclInProgress) {
      abort();
      throw Error(
          Exit::environment,
          fmt::format(
              "NCCL failed to {} over {} GPUs: {} (a rank or a link failed); run again to resume",
              what, size_, ncclGetErrorString(state)),
          Retry::may_help);
    }
    return state;
  }
  [[noreturn]] void give_up(char const* what) {
    abort();
    throw Error(
        Exit::environment,
        fmt::format(
            "NCCL did not {} over {} GPUs in time (a rank has stopped or failed); run again "
            "to resume",
            what, size_),
        Retry::may_help);
  }
  void abort() {
    if (comm_ != nullptr) ncclCommAbort(comm_);
    comm_ = nullptr;
  }
  void release() {
    // Abort frees as destroy does, and cannot wait for other ranks.
    abort();
    if (stream_ != nullptr) cudaStreamDestroy(stream_);
    stream_ = nullptr;
  }

  int rank_;
  int size_;
  int device_;
  ncclComm_t comm_ = nullptr;
  cudaStream_t stream_ = nullptr;
  Words words_;
  Backoff backoff_;
};

/// A name is an id for each device of a member.
class NcclRendezvous : public Rendezvous {
 public:
  Bytes invite(int devices) override {
    Bytes name;
    for (int i = 0; i < devices; ++i) {
      auto const id = make_nccl_id();
      name.insert(name.end(), id.begin(), id.end());
    }
    return name;
  }
  std::vector<std::unique_ptr<Reducer>> join(Bytes const& name, int rank, int size, std::span<int const> devices,
                                             Patience const& patience) override {
    MUSTER_REQUIRE_ENV(name.size() == devices.size() * sizeof(NcclId),
                       "{} GPUs are to meet by a name of {} bytes (ranks drive different numbers of them)", devices.size(), name.size());
    std::vector<std::unique_ptr<Reducer>> ends;
    for (std::size_t i = 0; i < devices.size(); ++i) {
      NcclId id;
      std::memcpy(id.data(), name.data() + i * sizeof id, sizeof id);
      ends.push_back(std::make_unique<NcclReducer>(id, rank, size, devices[i]));
    }
    for (auto const& end : ends) static_cast<NcclReducer&>(*end).meet(patience);
    return ends;
  }
};

}  // namespace

bool has_nccl() { return true; }

NcclId make_nccl_id() {
  ncclUniqueId unique;
  MUSTER_NCCL(ncclGetUniqueId(&unique));
  NcclId id;
  std::memcpy(id.data(), &unique, id.size());
  return id;
}

std::unique_ptr<Reducer> make_nccl_reducer(NcclId const& id, int rank, int size, int device,
                                           std::chrono::milliseconds deadline) {
  auto reducer = std::make_unique<NcclReducer>(id, rank, size, device);
  reducer->meet({deadline, {}});
  return reducer;
}

Rendezvous* nccl_rendezvous() {
  static NcclRendezvous only;
  return &only;
}

}  // namespace muster::comm

#else

namespace muster::comm {
namespace {
[[noreturn]] void refuse() {
  throw_error(
      Exit::environment,
      "this build has no NCCL (GPUs of several ranks cannot sum on the devices); configure with "
      "-DMUSTER_WITH_CUDA=ON -DMUSTER_WITH_NCCL=ON, or run without GPUs");
}
}  // namespace

bool has_nccl() { return false; }
NcclId make_nccl_id() { refuse(); }
std::unique_ptr<Reducer> make_nccl_reducer(NcclId const&, int, int, int,
                                           std::chrono::milliseconds) {
  refuse();
}
Rendezvous* nccl_rendezvous() { return nullptr; }

}  // namespace muster::comm

#endif
