#include "cli/stop_wish.hpp"

namespace muster::cli {

std::string stop_message(std::string const& asked_by) { return "stopped on request of " + asked_by; }

StopWish wish_of(std::string const& message, Launcher launcher) {
  if (message == stop_message(asked_by_signal)) return StopWish::unclear;
  if (message != stop_message(asked_by_launcher)) return StopWish::asked;
  // The parents of srun's ranks pass on what scancel and a preemption send.
  return launcher == Launcher::mpirun ? StopWish::unasked : StopWish::unclear;
}

}  // namespace muster::cli
