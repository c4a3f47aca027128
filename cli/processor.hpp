// Whether this CPU can run muster's arithmetic at all.
#pragma once

#include <string>

namespace muster::cli {

/// "" when it can, else one line for the user. Calls nothing that was compiled for a newer CPU.
std::string why_processor_is_refused();

}  // namespace muster::cli
