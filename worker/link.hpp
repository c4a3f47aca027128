// What joins a rank's GPUs to those of the ranks that compute with it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "comm/reduce.hpp"
#include "jobs/job.hpp"
#include "worker/protocol.hpp"

namespace muster::worker {

class Link final : public jobs::Companions {
 public:
  /// Collective: meets the others of `joint`, each with as many devices. `is_over` ends every wait, here and below. Throws Error
  /// (Exit::environment, Retry::may_help) as comm::Rendezvous::join does; so do sums, after which the link is of no use.
  Link(comm::Rendezvous& rendezvous, Joint const& joint, std::span<int const> devices, std::function<bool()> is_over);
  std::uint64_t meeting() const { return meeting_; }
  void add_words(std::span<std::int64_t> words) override;
  void add_on_devices(std::span<std::span<std::int64_t> const> sums) override;

 private:
  std::uint64_t meeting_;
  comm::Patience patience_;
  std::vector<std::unique_ptr<comm::Reducer>> ends_;
};

}  // namespace muster::worker
