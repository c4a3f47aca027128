// A trained surrogate as an ONNX graph: inputs in users' units, the price and all Greeks, in double precision.
#pragma once

#include "io/onnx_file.hpp"
#include "jobs/train/stored.hpp"

namespace muster::jobs::train {

/// One input a number that the network is given, one output each of outputs_of(). First derivatives come of the twin network, gamma
/// of the derivatives by the spot that are carried forward beside the values.
io::OnnxModel onnx_model(Params const& params, StoredNetwork const& network);

}  // namespace muster::jobs::train
