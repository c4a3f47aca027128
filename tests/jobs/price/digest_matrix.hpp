// One small job for every instrument, option and precision there is: the rows of the digest matrix.
#pragma once

#include <string>
#include <vector>

#include "jobs/price/params.hpp"

namespace muster::jobs::price {

struct MatrixRow {
  std::string name;
  Params params;
};

/// All rows. A test fails when an InstrumentKind, a ModelKind or an observation style has none.
std::vector<MatrixRow> digest_matrix();

/// Hex digest over the first `tiles` tiles of the row's job on `device`, tile digests in order.
std::string tiles_digest(Params const& params, int tiles, bool on_gpu);

}  // namespace muster::jobs::price
