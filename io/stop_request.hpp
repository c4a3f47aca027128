// F.h5.stop: the wish that the run working on F.h5 stops in good order, from any host that sees the
// file (docs/formats/state.md).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "io/lock_owner.hpp"

namespace muster::io {

struct StopRequest {
  LockOwner to;    ///< the owner of the lock when it was made
  LockOwner from;  ///< who made it; since_utc is when
};

std::string format_stop(StopRequest const& request);
/// Nothing for a text that is no request.
std::optional<StopRequest> parse_stop(std::string_view text);

/// Asks the owner of the lock to stop. Throws Error: nobody works there (Exit::user), not writable
/// (Exit::environment).
StopRequest request_stop(std::filesystem::path const& output);
/// The request that lies there, whoever it is for; nothing when there is none or it is unreadable.
std::optional<StopRequest> read_stop(std::filesystem::path const& output);
/// Whether `owner` is asked to stop. A request for an earlier start does not bind a later one.
bool is_for(StopRequest const& request, OwnerRecord const& owner);
/// Removes a request that is not for `owner`: one that its run did not live to see.
void withdraw_stop(std::filesystem::path const& output, OwnerRecord const& owner);

}  // namespace muster::io
