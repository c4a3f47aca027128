#include "cli/tile_times.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "cli/build_info.hpp"
#include "cli/value.hpp"
#include "core/files.hpp"
#include "core/log.hpp"
#include "core/sha256.hpp"
#include "io/atomic_file.hpp"
#include "kernels/isa.hpp"
#include "worker/timing.hpp"

namespace muster::cli {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t largest_bytes = 1 << 20;
constexpr std::size_t most_remembered = 500;
constexpr double longest_s = 1e9;
constexpr std::string_view format = "muster tile times 1";

std::optional<double> time_in(Value const& entry, std::string_view name, double least) {
  auto const* const found = entry.find(name);
  double const seconds = found != nullptr ? found->number() : -1;
  return seconds >= least && seconds <= longest_s ? std::optional(seconds) : std::nullopt;
}

std::optional<RememberedTime> read_one(Value const& entry) {
  auto const* const key = entry.find("key");
  auto const* const device = entry.find("device");
  if (key == nullptr || key->text() == nullptr || device == nullptr || device->text() == nullptr) return std::nullopt;
  auto const start_s = time_in(entry, "start_s", 0);
  auto const tile_s = time_in(entry, "tile_s", 1e-12);
  if (!start_s || !tile_s) return std::nullopt;
  return RememberedTime{*key->text(), *device->text(), {*start_s, *tile_s}};
}

/// The times of this process's look, and those of looks before it.
class Memory {
 public:
  explicit Memory(Timing timing) : timing_(timing), path_(tile_times_path()) {
    std::error_code ignored;
    if (!path_ || !fs::is_regular_file(*path_, ignored)) return;
    try {
      times_ = parse_tile_times(read_whole_file(*path_, largest_bytes, "cache"));
    } catch (Error const& error) {
      log::info("times of earlier plans are not used: {}", error.what());
    }
  }

  /// The time remembered under the key, or what `look` finds now; none where it may not look.
  template <class Look>
  std::optional<topology::TileTime> get(std::string const& what, std::string const& device, Look const& look) {
    auto const key = sha256_hex(what);
    auto const known = std::find_if(times_.begin(), times_.end(), [&](auto const& one) { return one.key == key; });
    if (known != times_.end()) return known->time;
    if (timing_ == Timing::remembered) return std::nullopt;
    auto const time = look();
    times_.push_back({key, device, time});
    is_new_ = true;
    return time;
  }

  /// A cache that cannot be written costs the next plan a third of a second, no more.
  void save() {
    if (!is_new_ || !path_) return;
    if (times_.size() > most_remembered) times_.erase(times_.begin(), times_.end() - most_remembered);
    try {
      fs::create_directories(path_->parent_path());
      io::write_file(*path_, render_tile_times(times_));
    } catch (std::exception const& error) {
      log::info("times are not remembered: {}", error.what());
    }
  }

 private:
  Timing timing_;
  std::optional<fs::path> path_;
  std::vector<RememberedTime> times_;
  bool is_new_ = false;
};

/// What this build takes for these tiles on any device.
std::string tiles_text(topology::Cost const& cost) {
  auto const build = worker_build();
  return fmt::format("muster {} {} arithmetic {}\n{}\n", build.muster_version, git_sha(), build.arithmetic_version, cost.tiles);
}

int cpu_threads(topology::NodePlan const& node) {
  int threads = 0;
  for (auto const& rank : node.ranks)
    if (rank.gpus.empty()) threads += rank.threads;
  return threads;
}

void time_cpu(Memory& memory, jobs::Job const& job, topology::Cost const& cost, topology::NodePlan const& node,
              topology::TileTimes& times) {
  // More threads than cores take turns: those at work together are timed.
  int threads = std::min(cpu_threads(node), std::max(1, node.machine.cpu.usable_cores));
  if (!cost.has_gpu_form) threads = std::max(threads, 1);
  if (threads == 0) return;
  auto const device = fmt::format("{} threads of {} ({})", threads, node.machine.cpu.model,
                                  kernels::isa_name(kernels::active_isa()));
  auto const time = memory.get(tiles_text(cost) + device, device, [&] { return worker::time_on_threads(job, threads); });
  if (!time) return;
  times.cpu_model = node.machine.cpu.model;
  times.cpu_threads = threads;
  times.cpu = *time;
}

void time_gpus(Memory& memory, jobs::Job const& job, topology::Cost const& cost, topology::NodePlan const& node,
               topology::TileTimes& times) {
  for (auto const& gpu : node.machine.gpus) {
    auto const is_it = [&](auto const& one) { return one.first == gpu.name; };
    if (std::any_of(times.gpus.begin(), times.gpus.end(), is_it)) continue;
    auto const device = fmt::format("{} under driver {}", gpu.name, node.machine.driver_version);
    auto const time = memory.get(tiles_text(cost) + device, device, [&] { return worker::time_on_gpu(job, gpu.ordinal); });
    if (time) times.gpus.emplace_back(gpu.name, *time);
  }
}

}  // namespace

std::optional<fs::path> tile_times_path() {
  auto const from = [](char const* name) {
    auto const* const value = std::getenv(name);
    return fs::path(value != nullptr ? value : "");
  };
  // Relative paths in XDG_CACHE_HOME are to be ignored, says its specification.
  if (auto const cache = from("XDG_CACHE_HOME"); cache.is_absolute()) return cache / "muster" / "tile-times.json";
  if (auto const home = from("HOME"); home.is_absolute()) return home / ".cache" / "muster" / "tile-times.json";
  return std::nullopt;
}

std::vector<RememberedTime> parse_tile_times(std::string_view text) {
  auto const json = Value::parse(text);
  auto const* const found = json.find("format");
  auto const* const entries = json.find("times");
  if (found == nullptr || found->text() == nullptr || *found->text() != format) return {};
  if (entries == nullptr || entries->array() == nullptr) return {};
  std::vector<RememberedTime> times;
  for (auto const& one : *entries->array())
    if (auto time = read_one(one)) times.push_back(std::move(*time));
  return times;
}

std::string render_tile_times(std::vector<RememberedTime> const& times) {
  Value::Array rows;
  for (auto const& one : times)
    rows.push_back(Value::object({{"key", one.key}, {"device", one.device}, {"start_s", one.time.start_s}, {"tile_s", one.time.tile_s}}));
  return Value::object({{"format", format}, {"times", std::move(rows)}}).dump() + "\n";
}

topology::TileTimes tile_times_here(Machine const& machine, LoadedJob const& loaded, Timing timing) {
  topology::TileTimes times;
  auto const cost = loaded.job->cost();
  if (cost.tiles.empty()) return times;
  Memory memory(timing);
  auto const& node = machine.plan.nodes.front();
  time_cpu(memory, *loaded.job, cost, node, times);
  if (cost.has_gpu_form) time_gpus(memory, *loaded.job, cost, node, times);
  memory.save();
  return times;
}

}  // namespace muster::cli
