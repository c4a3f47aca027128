// What this binary is.
#pragma once

#include <string>
#include <string_view>

#include "cli/value.hpp"
#include "worker/roll_call.hpp"
#include "worker/worker.hpp"

namespace muster::cli {

std::string_view version();
/// Short sha of the commit, with "+" after it when the tree had changes; "" outside a git checkout.
std::string_view git_sha();
/// What ranks compare before they work together.
worker::Build worker_build();

/// What must be alike on all ranks; `transport` may be null.
worker::Software software(comm::Transport const* transport);

std::string version_text();
Value version_json();

}  // namespace muster::cli
