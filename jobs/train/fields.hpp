// The job file of `train` as plain data before it is resolved, and its field table.
#pragma once

#include "core/schema.hpp"
#include "jobs/settings.hpp"
#include "jobs/train/params.hpp"
#include "topology/plan.hpp"

namespace muster::jobs::train {

enum class JobKind { train };

struct JobInput {
  JobKind kind = JobKind::train;
  std::string name = "train";
  topology::Mode mode = topology::Mode::cpu;  ///< meant where the key was given
  std::uint64_t seed = 1;
  Model model = Model::surrogate;
  Marked<ContractChoice> contract;
  Marked<DataChoice> data;
  Marked<NetworkChoice> network;
  Marked<TrainingChoice> training;
  Marked<MarketChoice> market;
  Marked<SpanChoice> spans;
  Marked<EncoderChoice> encoder;
  Marked<SweepChoice> sweep;
  schema::Marks marks;
};

schema::Table const& job_table();

}  // namespace muster::jobs::train
