// Before there is a job: each rank tells rank 0 what it is, and is told what to compute with.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "comm/transport.hpp"
#include "topology/facts.hpp"
#include "worker/consumers.hpp"
#include "worker/protocol.hpp"

namespace muster::worker {

/// What must be alike on all ranks: {"muster", "1.2.0"}, {"MPI", "Open MPI 4.1.4"}.
using Software = std::vector<std::pair<std::string, std::string>>;

struct Presence {
  Software software;
  topology::Facts facts;
};

enum class Part { compute, leave };

struct Assignment {
  Part part = Part::leave;
  Consumption consumption;  ///< to compute with
  Exit verdict = Exit::done;  ///< to leave with, and rank 0's words for it
  std::string reason;
  bool is_root_lost = false;              ///< rank 0 died before it answered
  std::vector<comm::RankNews> news = {};  ///< what the machine's watch said while waiting; neither is in the message
};

Bytes encode(Header const& header, Presence const& presence);
Bytes encode(Header const& header, Assignment const& assignment);
/// Throws Error (Exit::bug) for bytes that no muster sends, naming `from`; nothing is allocated that the
/// message has no bytes for.
Presence decode_presence(WireReader& in, std::string const& from);
Assignment decode_assignment(WireReader& in);

/// Any rank but 0: tells rank 0 and waits for the answer; told to leave when rank 0 dies meanwhile. Throws Error (Exit::environment) when there is none
/// within `patience`; one that is asked to end meanwhile leaves within seconds.
Assignment answer_roll_call(comm::Transport& transport, Presence const& mine, std::chrono::seconds patience,
                            std::atomic<unsigned> const* end_signs = nullptr);

}  // namespace muster::worker
