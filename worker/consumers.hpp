// The compute threads of a rank: leases in, results out. They never touch the transport.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "comm/reduce.hpp"
#include "jobs/job.hpp"
#include "topology/facts.hpp"
#include "worker/device_memory.hpp"
#include "worker/protocol.hpp"

namespace muster::worker {

/// Accelerators, one compute thread each, and plain CPU compute threads. They share the rank's
/// leases, so a rank should have one kind: threads = 0 where there are accelerators.
struct Consumption {
  std::vector<jobs::Device> accelerators;
  int threads = 1;
  /// What the threads are bound to; empty: nothing. Where the system refuses they run where they may.
  topology::CpuSet cpus = {};
  bool is_idle = false;  ///< on purpose: the plan has nothing for this rank to compute on
  /// CPU threads that take the place of an accelerator without memory enough.
  int threads_instead = 1;
  int members = 1;  ///< accelerators that hold one copy of a network among them
};

/// CPU threads that a rank may use between its tiles.
int host_threads(Consumption const& consumption);

/// "2 CPU threads", "cuda:0 cuda:1".
std::string describe(Consumption const& consumption);

/// A consumer has its runner.
struct Started {
  std::uint64_t preferred_tiles = 0;
};

/// DeviceUse: an accelerator's memory did not suffice and it went on with less.
using ConsumerEvent = std::variant<Started, Result, Failure, DeviceUse, Dropped>;

/// A consumer that is alone in its run may run ahead of what rank 0 has judged.
enum class Company { others, alone };

class Consumers {
 public:
  /// Starts the threads; each makes its own TileRunner and reports Started or a Failure of lease 0.
  /// `notify` is called from compute threads when take() has something new. `job` must outlive
  /// this. With a `rendezvous`, which must too, a lone consumer of GPUs can compute with those of other ranks.
  Consumers(jobs::Job const& job, Consumption const& consumption, std::function<void()> notify, Company company = Company::others,
            comm::Rendezvous* rendezvous = nullptr);
  /// Drops all leases and waits for the tiles being computed.
  ~Consumers();

  std::uint32_t count() const { return static_cast<std::uint32_t>(threads_.size()); }
  /// GPUs that can compute with those of other ranks; 0: none, or not all of this rank.
  std::uint32_t cards() const;
  /// For a job in steps: leases pushed from now on are of the tiles of `carry`; those of the stage before are dropped.
  void enter(jobs::CarryPtr carry);
  /// To be computed, by whichever consumer is free first.
  void push(std::span<Lease const> leases);
  /// A lease of a whole stage to be computed with other ranks, and of as many after it as there is time for: its result has their
  /// digests and what is carried behind them. Ends as Dropped, of no tiles, where the stage is to be computed as others are.
  void push_joint(Lease const& lease, Joint joint);
  /// The next event without waiting; false when there is none.
  bool take(ConsumerEvent& event);
  /// Gives a result's memory back for later leases.
  void recycle(Result&& result);
  /// Somebody else was first: those not begun are not computed, those begun end with the tiles being computed. Each
  /// ends with a Dropped, unless it was done before.
  void drop(std::span<std::uint64_t const> leases);
  /// Leases pushed whose result, failure or end was not taken yet.
  std::size_t held() const { return held_; }
  void drop_queued();
  /// What became of each accelerator's memory so far.
  std::vector<DeviceUse> device_use();

 private:
  struct Station;
  /// A lease and what its tiles need.
  struct Task {
    Lease lease;
    jobs::CarryPtr carry;
    std::optional<Joint> joint = {};
  };
  void bind();
  void start_thread(jobs::Device device);
  void consume(Station& station);
  void compute(Station& station, Task const& task);
  void compute_own(Station& station, Task const& task);
  void compute_jointly(Station& station, Task const& task);
  void enter(Station& station, Task const& task);
  std::optional<jobs::Ahead> run_with_others(Station& station, Task const& task);
  template <class Work>
  void with_memory(Station& station, Work work);
  void step_down(Station& station);
  void move_to_cpu(Station& station);
  void leave_device(Station& station);
  void note(Station& station, std::uint64_t DeviceUse::* counter);
  bool run_ahead(Station& station, Result& result);
  Result result_for(Lease const& lease);
  bool run_in_pieces(Station& station, Result& result, Dropped& dropped);
  bool next_task(Station& station, Task& task);
  template <class Condition>
  void drop_where(Condition condition);
  Result fresh_result();
  void report(ConsumerEvent event);

  jobs::Job const& job_;
  int const threads_instead_;
  comm::Rendezvous* const rendezvous_;
  std::function<void()> const notify_;
  topology::CpuSet const cpus_;
  std::once_flag binding_is_told_;
  std::mutex mutex_;
  std::condition_variable has_leases_;
  jobs::CarryPtr carry_;
  std::deque<Task> tasks_;
  std::deque<ConsumerEvent> events_;
  std::vector<Result> spare_;
  bool may_run_ahead_ = false;  // set before there are leases
  std::size_t held_ = 0;  // touched by the message thread alone
  bool stopping_ = false;
  std::vector<std::unique_ptr<Station>> stations_;
  std::vector<std::thread> threads_;
};

}  // namespace muster::worker
