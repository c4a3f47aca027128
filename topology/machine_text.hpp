// Machines in a few words: "8x A100-80GB", "4x RTX 3090, 2x T4", "16 nodes x 8x H100", "64 cores".
#pragma once

#include <string_view>

#include "topology/facts.hpp"

namespace muster::topology {

/// Reads machines that are only imagined. Cards between commas sit in one machine; "N nodes x" begins
/// machines of another sort. Links are those of the boards such cards are sold on, and what is assumed is
/// said in the answer. Throws Error (Exit::user) for a card it does not know, naming the nearest, and for
/// counts that cannot be.
Cluster machines_in_words(std::string_view text);

}  // namespace muster::topology
