#include "worker/consumers.hpp"

#include <chrono>
#include <new>

#include "core/log.hpp"
#include "topology/cpu_sets.hpp"
#include "worker/fp_environment.hpp"

namespace muster::worker {
namespace {

std::string name_of(jobs::Device device) {
  return device.kind == jobs::Device::Kind::cuda ? fmt::format("cuda:{}", device.ordinal) : "CPU";
}

Failure failure_now(std::uint64_t lease, std::string const& device) {
  Failure failure{lease, Exit::bug, Retry::useless, device, {}};
  try {
    throw;
  } catch (Error const& error) {
    failure.code = error.code();
    failure.retry = error.retry();
    failure.message = error.what();
  } catch (std::bad_alloc const&) {
    failure.code = Exit::environment;
    failure.message =
        "out of memory (a tile's working set does not fit); use fewer threads a rank or more "
        "memory";
  } catch (std::exception const& error) {
    failure.message =
        fmt::format("{} (not foreseen: a bug of muster's); please report it", error.what());
  } catch (...) {
    failure.message = "an exception of unknown type (a bug of muster's); please report it";
  }
  return failure;
}

}  // namespace

std::string describe(Consumption const& consumption) {
  if (consumption.is_idle) return "nothing";
  std::string text;
  for (jobs::Device device : consumption.accelerators)
    text += (text.empty() ? "" : " ") + name_of(device);
  if (consumption.threads == 0) return text;
  return text + fmt::format("{}{} CPU thread{}", text.empty() ? "" : " + ", consumption.threads,
                            consumption.threads == 1 ? "" : "s");
}

Consumers::Consumers(jobs::Job const& job, Consumption const& consumption,
                     std::function<void()> notify)
    : job_(job), notify_(std::move(notify)), cpus_(consumption.cpus) {
  MUSTER_REQUIRE(
      consumption.threads >= 0 &&
          (consumption.is_idle || consumption.threads + consumption.accelerators.size() > 0),
      "{} compute threads and {} accelerators (a rank needs something to compute on); give at "
      "least one thread",
      consumption.threads, consumption.accelerators.size());
  for (jobs::Device device : consumption.accelerators)
    threads_.emplace_back([this, device] { consume(device); });
  for (int i = 0; i < consumption.threads; ++i)
    threads_.emplace_back([this, i] { consume({jobs::Device::Kind::host, i}); });
}

Consumers::~Consumers() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    leases_.clear();
  }
  has_leases_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Consumers::push(std::span<Lease const> leases) {
  held_ += leases.size();
  {
    std::lock_guard lock(mutex_);
    leases_.insert(leases_.end(), leases.begin(), leases.end());
  }
  if (leases.size() == 1)
    has_leases_.notify_one();
  else
    has_leases_.notify_all();
}

bool Consumers::take(ConsumerEvent& event) {
  std::lock_guard lock(mutex_);
  if (events_.empty()) return false;
  event = std::move(events_.front());
  events_.pop_front();
  bool const ends_lease =
      std::holds_alternative<Result>(event) ||
      (std::holds_alternative<Failure>(event) && std::get<Failure>(event).lease != 0);
  if (ends_lease) --held_;
  return true;
}

void Consumers::recycle(Result&& result) {
  std::lock_guard lock(mutex_);
  if (spare_.size() < 2 * threads_.size()) spare_.push_back(std::move(result));
}

void Consumers::drop_queued() {
  std::lock_guard lock(mutex_);
  held_ -= leases_.size();
  leases_.clear();
}

void Consumers::bind() {
  auto const why_not = topology::bind_thread(cpus_);
  if (why_not.empty()) return;
  std::call_once(binding_is_told_, [&] {
    log::info("compute threads are not bound to CPUs {}: {}", topology::to_string(cpus_), why_not);
  });
}

void Consumers::consume(jobs::Device device) {
  bind();
  std::string const name = name_of(device);
  std::unique_ptr<jobs::TileRunner> runner;
  try {
    set_default_fp_environment();
    runner = job_.make_runner(device);
    report(Started{runner->preferred_tiles()});
  } catch (...) {
    report(failure_now(0, name));
    return;
  }
  for (Lease lease; next_lease(lease);) compute(*runner, lease, name);
}

void Consumers::compute(jobs::TileRunner& runner, Lease const& lease, std::string const& device) {
  try {
    Result result = fresh_result();
    result.lease = lease.id;
    result.range = lease.range;
    result.sums.assign(job_.slots(), 0);
    result.digests.resize(lease.range.count);
    set_default_fp_environment();
    auto const start = std::chrono::steady_clock::now();
    runner.run(lease.range, result.sums, result.digests);
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    MUSTER_REQUIRE_ENV(
        is_default_fp_environment(),
        "the floating-point environment changed during tiles {} to {} (rounding or denormals "
        "differ from IEEE, so bits would too); a library built with -ffast-math was loaded: "
        "remove it (LD_PRELOAD, plugins)",
        lease.range.first, lease.range.end() - 1);
    report(std::move(result));
  } catch (...) {
    report(failure_now(lease.id, device));
  }
}

bool Consumers::next_lease(Lease& lease) {
  std::unique_lock lock(mutex_);
  // Ends with the destructor at the latest.
  has_leases_.wait(lock, [this] { return stopping_ || !leases_.empty(); });
  if (stopping_) return false;
  lease = leases_.front();
  leases_.pop_front();
  return true;
}

Result Consumers::fresh_result() {
  std::lock_guard lock(mutex_);
  if (spare_.empty()) return {};
  Result result = std::move(spare_.back());
  spare_.pop_back();
  return result;
}

void Consumers::report(ConsumerEvent event) {
  bool was_empty = false;
  {
    std::lock_guard lock(mutex_);
    was_empty = events_.empty();
    events_.push_back(std::move(event));
  }
  if (was_empty) notify_();
}

}  // namespace muster::worker
