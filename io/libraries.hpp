// The libraries this room stands on.
#pragma once

#include <string>

namespace muster::io {

/// Of the libhdf5 that was loaded: "1.10.8". In h5.cpp.
std::string hdf5_version();

}  // namespace muster::io
