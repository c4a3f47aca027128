// The time and memory that a job is expected to take, as plan tells and run keeps beside what it took.
#pragma once

#include "cli/job_file.hpp"
#include "cli/tile_times.hpp"
#include "cli/value.hpp"
#include "topology/cost.hpp"

namespace muster::cli {

/// What a process takes of one sort of card.
struct CardMemory {
  std::string card;
  std::uint64_t budget_bytes = 0;  ///< that it may take
  jobs::DeviceNeed need;
};

struct Expectation {
  topology::Cost cost;
  topology::Expected time;
  std::uint64_t host_bytes = 0;  ///< on the first machine
  std::vector<CardMemory> cards;
};

/// Of a job under a plan, with `load_s` spent on its file. Throws Error (Exit::user) where it does not fit into memory.
Expectation expect(topology::Plan const& plan, LoadedJob const& loaded, topology::TileTimes const& times, double load_s);

/// Lines of a plan's table.
std::vector<topology::Decision> to_decisions(Expectation const& expectation);
Value to_json(Expectation const& expectation);

}  // namespace muster::cli
