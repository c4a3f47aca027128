#include "worker/consumers.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <new>
#include <utility>

#include "core/log.hpp"
#include "topology/cpu_sets.hpp"
#include "kernels/device_lost.hpp"
#include "kernels/out_of_memory.hpp"
#include "topology/cuda_uuid.hpp"
#include "topology/lost_gpus.hpp"
#include "worker/fp_environment.hpp"
#include "worker/host_team.hpp"
#include "worker/link.hpp"

namespace muster::worker {
namespace {

/// "cuda:0", "cuda:0+1" of two that compute as one, "CPU".
std::string name_of(jobs::Device const& device) {
  if (device.kind != jobs::Device::Kind::cuda) return "CPU";
  auto name = fmt::format("cuda:{}", device.ordinal);
  for (auto const& partner : device.partners) name += fmt::format("+{}", partner.ordinal);
  return name;
}

/// Accelerators as the job wants them: one by one, or as one.
std::vector<jobs::Device> teams_of(jobs::Job const& job, Consumption const& consumption) {
  auto const& all = consumption.accelerators;
  if (!job.shares_gpus() || all.size() < 2) return all;
  jobs::Device team = all.front();
  team.partners.assign(all.begin() + 1, all.end());
  team.members = jobs::team_of(job, static_cast<int>(all.size()), consumption.members).members;
  return {team};
}

using Clock = std::chrono::steady_clock;
/// A lease is computed in pieces of about so long, after each of which it may be dropped.
constexpr double droppable_s = 0.01;
/// Saves and progress wait for a runner that runs ahead.
constexpr double ahead_s = 0.25;
/// How far it goes by itself where the return takes long: so that it is such a share of the time, and no farther than that.
constexpr double most_return_share = 0.04, most_ahead_s = 4;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// In whole batches of the device.
std::uint64_t next_piece(std::uint64_t batch, std::uint64_t tiles, double seconds) {
  double const wanted = droppable_s * static_cast<double>(tiles) / std::max(seconds, 1e-9);
  double const batches = std::clamp(wanted / static_cast<double>(batch), 1.0, 1e6);
  return batch * static_cast<std::uint64_t>(batches);
}

/// To the end of the process.
void keep_for_good(std::unique_ptr<jobs::TileRunner> runner) {
  static std::mutex guard;
  static auto* const kept = new std::vector<std::unique_ptr<jobs::TileRunner>>;
  std::lock_guard const lock(guard);
  kept->push_back(std::move(runner));
}

void require_default_fp_environment(TileRange range) {
  MUSTER_REQUIRE_ENV(
      is_default_fp_environment(),
      "the floating-point environment changed during tiles {} to {} (rounding or denormals "
      "differ from IEEE, so bits would too); a library built with -ffast-math was loaded: "
      "remove it (LD_PRELOAD, plugins)",
      range.first, range.end() - 1);
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

int host_threads(Consumption const& consumption) { return std::max(consumption.threads, consumption.threads_instead); }

std::string describe(Consumption const& consumption) {
  if (consumption.is_idle) return "nothing";
  std::string text;
  for (auto const& device : consumption.accelerators)
    text += (text.empty() ? "" : " ") + name_of(device);
  if (consumption.threads == 0) return text;
  return text + fmt::format("{}{} CPU thread{}", text.empty() ? "" : " + ", consumption.threads,
                            consumption.threads == 1 ? "" : "s");
}

/// One compute thread, what it computes with, and an accelerator's memory.
struct Consumers::Station {
  jobs::Device device;
  std::string name;
  std::vector<std::unique_ptr<kernels::DevicePool>> pools;  // none for a CPU thread, and where the caller has them
  std::unique_ptr<jobs::TileRunner> runner;                 // after the pools it uses
  std::unique_ptr<Link> link;                 // to those it computes with
  jobs::CarryPtr carry;                       // which the runner has entered
  bool is_on_cpu = true;
  bool is_lost = false;  // and nothing takes its place
  std::string uuid;
  DeviceUse use;           // guarded by Consumers::mutex_
  std::string needs_less;  // of steps down not told yet
  std::string reason;
  std::uint64_t lease = 0;  // being computed, or 0; guarded by Consumers::mutex_
  std::atomic<bool> is_dropped = false;
  std::uint64_t piece = 1;  // tiles
  double ahead_s = worker::ahead_s;
};

Consumers::Consumers(jobs::Job const& job, Consumption const& consumption,
                     std::function<void()> notify, Company company, comm::Rendezvous* rendezvous)
    : job_(job), threads_instead_(consumption.threads_instead), rendezvous_(rendezvous),
      notify_(std::move(notify)), cpus_(consumption.cpus) {
  MUSTER_REQUIRE(
      consumption.threads >= 0 &&
          (consumption.is_idle || consumption.threads + consumption.accelerators.size() > 0),
      "{} compute threads and {} accelerators (a rank needs something to compute on); give at "
      "least one thread",
      consumption.threads, consumption.accelerators.size());
  for (auto const& device : teams_of(job, consumption)) start_thread(device);
  may_run_ahead_ = company == Company::alone && stations_.size() + static_cast<std::size_t>(consumption.threads) == 1;
  for (int i = 0; i < consumption.threads; ++i) start_thread({jobs::Device::Kind::host, i});
}

void Consumers::start_thread(jobs::Device device) {
  auto& station = *stations_.emplace_back(std::make_unique<Station>());
  station.device = device;
  station.name = station.use.device = name_of(device);
  if (device.kind == jobs::Device::Kind::cuda) {
    station.is_on_cpu = false;
    auto const give_pool = [&](jobs::Device& to) {
      if (to.pool == nullptr) to.pool = station.pools.emplace_back(make_device_pool(to)).get();
    };
    give_pool(station.device);
    for (auto& partner : station.device.partners) give_pool(partner);
  }
  threads_.emplace_back([this, &station] { consume(station); });
}

Consumers::~Consumers() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    tasks_.clear();
    for (auto const& station : stations_) station->is_dropped = true;
  }
  has_leases_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Consumers::enter(jobs::CarryPtr carry) {
  // They were all beaten, or the stage were not over.
  drop_where([](std::uint64_t) { return true; });
  std::lock_guard lock(mutex_);
  carry_ = std::move(carry);
}

void Consumers::drop(std::span<std::uint64_t const> leases) {
  if (leases.empty()) return;
  drop_where([leases](std::uint64_t lease) { return std::find(leases.begin(), leases.end(), lease) != leases.end(); });
}

template <class Condition>
void Consumers::drop_where(Condition condition) {
  std::vector<std::uint64_t> never_begun;
  {
    std::lock_guard lock(mutex_);
    std::erase_if(tasks_, [&](Task const& task) {
      bool const is_it = condition(task.lease.id);
      if (is_it) never_begun.push_back(task.lease.id);
      return is_it;
    });
    for (auto const& station : stations_)
      if (station->lease != 0 && condition(station->lease)) station->is_dropped = true;
  }
  for (std::uint64_t lease : never_begun) report(Dropped{lease, 0, 0});
}

void Consumers::push(std::span<Lease const> leases) {
  held_ += leases.size();
  {
    std::lock_guard lock(mutex_);
    for (Lease const& lease : leases) tasks_.push_back({lease, carry_});
  }
  if (leases.size() == 1)
    has_leases_.notify_one();
  else
    has_leases_.notify_all();
}

void Consumers::push_joint(Lease const& lease, Joint joint) {
  ++held_;
  {
    std::lock_guard lock(mutex_);
    tasks_.push_back({lease, carry_, std::move(joint)});
  }
  has_leases_.notify_one();
}

std::uint32_t Consumers::cards() const {
  if (rendezvous_ == nullptr || stations_.size() != 1 || stations_.front()->device.kind != jobs::Device::Kind::cuda) return 0;
  return static_cast<std::uint32_t>(stations_.front()->device.partners.size() + 1);
}

bool Consumers::take(ConsumerEvent& event) {
  std::lock_guard lock(mutex_);
  if (events_.empty()) return false;
  event = std::move(events_.front());
  events_.pop_front();
  bool const ends_lease =
      std::holds_alternative<Result>(event) || std::holds_alternative<Dropped>(event) ||
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
  held_ -= tasks_.size();
  tasks_.clear();
}

void Consumers::bind() {
  auto const why_not = topology::bind_thread(cpus_);
  if (why_not.empty()) return;
  std::call_once(binding_is_told_, [&] {
    log::info("compute threads are not bound to CPUs {}: {}", topology::to_string(cpus_), why_not);
  });
}

std::vector<DeviceUse> Consumers::device_use() {
  std::vector<DeviceUse> all;
  for (auto const& station : stations_) {
    if (station->device.kind == jobs::Device::Kind::host) continue;
    std::lock_guard lock(mutex_);
    all.push_back(station->use);
    all.back().device = name_of({jobs::Device::Kind::cuda, station->device.ordinal});
    read_use(*station->device.pool, station->device.ordinal, all.back());
    for (auto const& partner : station->device.partners) {
      all.push_back({.device = name_of(partner)});
      read_use(*partner.pool, partner.ordinal, all.back());
    }
  }
  return all;
}

void Consumers::consume(Station& station) {
  bind();
  try {
    if (!station.is_on_cpu) station.uuid = topology::driver_uuid(station.device.ordinal).value_or("a GPU of unknown UUID");
    set_default_fp_environment();
    with_memory(station, [&] {
      if (!station.runner) station.runner = job_.make_runner(station.device);
      station.runner->prepare();
    });
    station.piece = station.runner->preferred_tiles();
    report(Started{station.piece});
  } catch (...) {
    report(failure_now(0, station.name));
    return;
  }
  for (Task task; next_task(station, task);) compute(station, task);
}

/// Again with less at a time while memory is short; told once when it suffices.
template <class Work>
void Consumers::with_memory(Station& station, Work work) {
  for (bool is_done = false; !is_done;) {
    try {
      work();
      is_done = true;
    } catch (kernels::OutOfMemory const& error) {
      station.reason = error.what();
      step_down(station);
    } catch (kernels::DeviceLost const& error) {
      station.reason = fmt::format("{}: {}", station.uuid, error.what());
      leave_device(station);
    }
  }
  if (!station.needs_less.empty())
    log::warn("{}: {}; it goes on with {}, to the same bits", station.name, station.reason, station.needs_less);
  station.needs_less.clear();
}

/// Inside the handler of an OutOfMemory, which is thrown on where no step is left.
void Consumers::step_down(Station& station) {
  if (station.is_on_cpu) throw;
  auto const step = station.runner ? station.runner->step_down() : std::nullopt;
  if (!step) return move_to_cpu(station);
  station.needs_less = step->now;
  note(station, step->step == jobs::MemoryStep::recomputation ? &DeviceUse::recomputations : &DeviceUse::smaller_batches);
}

void Consumers::move_to_cpu(Station& station) {
  MUSTER_REQUIRE_ENV(job_.same_bits() == jobs::SameBits::on_every_device,
                     "{} (a {} job has the same bits on one kind of device only, so it cannot go on here on the CPU); make "
                     "room on the device, or run the whole job with --device cpu", station.reason, job_.kind());
  auto const threads = threads_instead_ * static_cast<int>(station.device.partners.size() + 1);
  station.runner.reset();
  station.runner = std::make_unique<HostTeam>(job_, threads);
  if (station.carry) station.runner->enter(station.carry);
  station.is_on_cpu = true;
  station.needs_less = fmt::format("{} CPU thread{}", threads, threads == 1 ? "" : "s");
  note(station, &DeviceUse::moves_to_cpu);
}

/// Nothing of it is called again, ends of what is there neither: they could wait for it without end.
void Consumers::leave_device(Station& station) {
  keep_for_good(std::move(station.runner));
  static_cast<void>(station.link.release());
  station.device.pool->abandon();
  for (auto const& partner : station.device.partners) partner.pool->abandon();
  // Of several it is not known which.
  if (station.device.partners.empty())
    log::warn("{} (a sticky CUDA error); the next start of this run does not use it", topology::loss_of_gpu(station.uuid));
  station.is_lost = job_.same_bits() != jobs::SameBits::on_every_device;
  if (station.is_lost)
    throw Error(Exit::environment, fmt::format("{} (a {} job has the same bits on one kind of device only, so it cannot go on here on the "
                                               "CPU); the next start goes on from the last save", station.reason, job_.kind()),
                Retry::may_help);
  move_to_cpu(station);
}

void Consumers::note(Station& station, std::uint64_t DeviceUse::* counter) {
  DeviceUse use;
  {
    std::lock_guard lock(mutex_);
    ++(station.use.*counter);
    use = station.use;
  }
  report(use);
}

void Consumers::compute(Station& station, Task const& task) {
  try {
    if (station.is_lost) throw Error(Exit::environment, station.reason, Retry::may_help);
    set_default_fp_environment();
    task.joint ? compute_jointly(station, task) : compute_own(station, task);
  } catch (...) {
    report(failure_now(task.lease.id, station.name));
  }
}

void Consumers::enter(Station& station, Task const& task) {
  if (station.carry != task.carry) station.runner->enter(task.carry);
  station.carry = task.carry;
}

Result Consumers::result_for(Lease const& lease) {
  Result result = fresh_result();
  result.lease = lease.id;
  result.range = lease.range;
  result.ahead = nullptr;
  return result;
}

void Consumers::compute_own(Station& station, Task const& task) {
  Lease const& lease = task.lease;
  Result result = result_for(lease);
  result.digests.resize(lease.range.count);
  Dropped dropped{lease.id, 0, 0};
  bool is_whole = false;
  auto const start = Clock::now();
  with_memory(station, [&] {
    enter(station, task);
    if (run_ahead(station, result)) {
      dropped.tiles = lease.range.count;
      is_whole = true;
      return;
    }
    // From zero every time: a run that ends early leaves parts of its range in the sums.
    result.sums.assign(job_.window(lease.range).count, 0);
    dropped.tiles = 0;
    is_whole = run_in_pieces(station, result, dropped);
  });
  // Of its own tiles.
  double const share = static_cast<double>(lease.range.count) / static_cast<double>(result.digests.size());
  result.seconds = dropped.seconds = seconds_since(start) * share;
  require_default_fp_environment(lease.range);
  if (!is_whole) recycle(std::move(result));
  if (is_whole)
    report(std::move(result));
  else
    report(dropped);
}

void Consumers::compute_jointly(Station& station, Task const& task) {
  auto const start = Clock::now();
  std::optional<jobs::Ahead> ahead;
  try {
    ahead = run_with_others(station, task);
  } catch (...) {
    // It may be in the middle of a sum, as the runner of a stage. Of a lost device it was let go.
    station.link.reset();
    station.carry.reset();
    if (!station.is_dropped.load(std::memory_order_relaxed)) throw;
  }
  if (!ahead) return report(Dropped{task.lease.id, 0, 0});
  Result result = result_for(task.lease);
  result.seconds = seconds_since(start);
  result.digests = std::move(ahead->digests);
  result.ahead = std::move(ahead->carry);
  require_default_fp_environment(task.lease.range);
  report(std::move(result));
}

std::optional<jobs::Ahead> Consumers::run_with_others(Station& station, Task const& task) {
  with_memory(station, [&] {
    enter(station, task);
    station.runner->prepare();
  });
  std::optional<jobs::Ahead> ahead;
  bool is_again = false;
  with_memory(station, [&] {
    // The others cannot begin once more with this one.
    if (station.is_on_cpu || std::exchange(is_again, true)) throw Error(Exit::environment, station.reason, Retry::may_help);
    if (!station.link || station.link->meeting() != task.joint->meeting) {
      station.link.reset();
      std::vector<int> devices{station.device.ordinal};
      for (auto const& partner : station.device.partners) devices.push_back(partner.ordinal);
      station.link = std::make_unique<Link>(*rendezvous_, *task.joint, devices,
                                            [&station] { return station.is_dropped.load(std::memory_order_relaxed); });
    }
    auto const start = Clock::now();
    ahead = station.runner->run_ahead(task.lease.range, [&] { return seconds_since(start) >= ahead_s; }, station.link.get());
  });
  return ahead;
}

/// False where the stage is to be run by itself.
bool Consumers::run_ahead(Station& station, Result& result) {
  if (!may_run_ahead_) return false;
  auto const start = Clock::now();
  double enough_at_s = 0;
  auto ahead = station.runner->run_ahead(result.range, [&] {
    enough_at_s = seconds_since(start);
    return station.is_dropped.load(std::memory_order_relaxed) || enough_at_s >= station.ahead_s;
  });
  if (!ahead) return false;
  // Bringing the state of a device back may take long; then it goes farther next time.
  station.ahead_s = std::clamp((seconds_since(start) - enough_at_s) / most_return_share, ahead_s, most_ahead_s);
  result.digests = std::move(ahead->digests);
  result.ahead = std::move(ahead->carry);
  return true;
}

/// False when it was dropped on the way.
bool Consumers::run_in_pieces(Station& station, Result& result, Dropped& dropped) {
  TileRange const all = result.range;
  auto const first_slot = job_.window(all).first;
  while (dropped.tiles < all.count) {
    if (station.is_dropped.load(std::memory_order_relaxed)) return false;
    TileRange const piece{all.first + dropped.tiles, std::min(station.piece, all.count - dropped.tiles)};
    auto const window = job_.window(piece);
    auto const start = Clock::now();
    station.runner->run(piece, std::span(result.sums).subspan(window.first - first_slot, window.count),
                        std::span(result.digests).subspan(dropped.tiles, piece.count));
    dropped.tiles += piece.count;
    station.piece = next_piece(station.runner->preferred_tiles(), piece.count, seconds_since(start));
  }
  return true;
}

bool Consumers::next_task(Station& station, Task& task) {
  std::unique_lock lock(mutex_);
  station.lease = 0;
  // Ends with the destructor at the latest.
  has_leases_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
  if (stopping_) return false;
  task = std::move(tasks_.front());
  tasks_.pop_front();
  station.lease = task.lease.id;
  station.is_dropped = false;
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
