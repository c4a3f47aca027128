// Rank 0's counter: messages of ranks in, events on the state, answers out. Inside the orchestrator
// only.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "comm/reduce.hpp"
#include "comm/transport.hpp"
#include "orchestrator/events.hpp"
#include "worker/protocol.hpp"
#include "worker/worker.hpp"

namespace muster::orchestrator {

struct DeskRules {
  worker::Build build;  ///< ranks of another build end the run
  worker::Welcome welcome;
  std::size_t slots = 0;  ///< the job's accumulators
  worker::SlotsOf slots_of = [](TileRange) { return std::size_t{0}; };  ///< those a result must have
  /// Brings a rank from the given stage to the current one; for jobs in steps.
  std::function<worker::Step(std::uint64_t)> step_from = {};
  comm::Rendezvous* rendezvous = nullptr;  ///< of GPUs that compute together
};

class Desk {
 public:
  /// Takes in a result that is to be committed.
  using Commit = std::function<void(worker::Result const&)>;
  /// Takes the leases of rank 0 itself, and those that it is to drop. With the last, the only lease is a joint one.
  using ToSelf = std::function<void(std::span<Lease const>, std::span<std::uint64_t const>, std::optional<worker::Joint>)>;

  Desk(comm::Transport& transport, State& state, DeskRules rules, Commit commit, ToSelf to_self);

  /// Takes in one message and answers it. Throws Error naming the sender for a message that cannot
  /// be.
  void handle(comm::Envelope const& message, double now_s);
  /// Rank 0's own consumers, by the same rules.
  void take_own(worker::Result const& result, double now_s);
  void take_own(worker::Failure const& failure, double now_s);
  void take_own(worker::Dropped const& dropped, double now_s);
  void take_own(std::vector<worker::DeviceUse> devices);
  /// What rank 0's own machine saw.
  void news(std::span<comm::RankNews const> news, double now_s);
  void tick(double now_s);
  void judge(StageVerdict verdict, double now_s);
  void request_stop(double now_s);
  void end(Exit verdict, std::string reason, std::optional<Error> error, double now_s);
  void open(std::string host, std::uint32_t consumers, std::uint64_t preferred_tiles, std::uint32_t cards,
            double now_s);

 private:
  void act_on(int rank, worker::Header const& header, worker::WireReader& in, double now_s);
  void on_hello_message(int rank, worker::Hello const& hello, double now_s);
  void on_ready_message(int rank, worker::Ready const& ready, double now_s);
  void on_news_message(std::span<comm::RankNews const> news, double now_s);
  void on_results_message(int rank, std::uint32_t epoch, worker::WireReader& in);
  void take_result(int rank, std::uint32_t epoch, worker::Result const& result);
  void carry_out();
  std::span<Lease const> leases_of(Answer const& answer) const;
  std::span<std::uint64_t const> drops_of(Answer const& answer) const;
  worker::Bytes message_for(Answer const& answer);
  std::optional<worker::Joint> joint_of(Answer const& answer);

  comm::Transport& transport_;
  State& state_;
  DeskRules const rules_;
  Commit const commit_;
  ToSelf const to_self_;
  Actions actions_;
  std::uint64_t named_ = 0;  // meeting
  worker::Bytes name_;       // of it
  worker::Result scratch_;  // its memory serves every result
};

}  // namespace muster::orchestrator
