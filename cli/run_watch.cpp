#include "cli/run_watch.hpp"

#include <fmt/core.h>

#include <chrono>

#include "cli/signals.hpp"
#include "cli/stop_wish.hpp"
#include "comm/transport.hpp"
#include "core/log.hpp"

namespace muster::cli {
namespace {
constexpr std::chrono::seconds interval{1};

std::string describe(io::StopRequest const& request) {
  return fmt::format("muster stop (process {} on {})", request.from.pid, request.from.host);
}
}  // namespace

RunWatch::RunWatch(io::RunState const& state, std::filesystem::path output)
    : lock_(state.lock()), output_(std::move(output)), thread_([this] { watch(); }) {}

RunWatch::~RunWatch() {
  {
    std::lock_guard const guard(mutex_);
    is_over_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

std::string RunWatch::asked_by() const {
  std::lock_guard const guard(mutex_);
  if (request_) return describe(*request_);
  return comm::is_mpi_launched() && is_ended_by_parent() ? asked_by_launcher : asked_by_signal;
}

void RunWatch::watch() {
  std::unique_lock guard(mutex_);
  while (!wake_.wait_for(guard, interval, [this] { return is_over_; })) {
    guard.unlock();
    lock_.beat();
    auto request = io::read_stop(output_);
    guard.lock();
    if (request_ || !request || !io::is_for(*request, lock_.owner())) continue;
    request_ = std::move(request);
    log::info("asked to stop by {}", describe(*request_));
    request_stop();
  }
}

}  // namespace muster::cli
