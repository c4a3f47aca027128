// The watch over the MPI ranks of this machine. Inside comm/ only.
#pragma once

#include <functional>
#include <memory>

#include "comm/mpi_runtime.hpp"
#include "comm/node_watch.hpp"

namespace muster::comm {

/// Collective over `comm`, whose ranks are those of the news. Null where ranks of this machine live in
/// several PID namespaces and cannot see each other.
std::unique_ptr<NodeWatch> watch_machine(MPI_Comm comm, std::function<void()> wake);

}  // namespace muster::comm
