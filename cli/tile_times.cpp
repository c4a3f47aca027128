#include "cli/tile_times.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "cli/build_info.hpp"
#include "core/files.hpp"
#include "core/log.hpp"
#include "core/sha256.hpp"
#include "core/text.hpp"
#include "io/atomic_file.hpp"
#include "kernels/device_pool.hpp"
#include "kernels/isa.hpp"
#include "worker/timing.hpp"

namespace muster::cli {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t largest_bytes = 1 << 20;
constexpr std::size_t most_remembered = 500;
constexpr double longest_s = 1e9;
/// Jobs with more tiles than this fill every card.
constexpr std::uint64_t most_tiles_apart = 4096;
constexpr std::string_view heading = "muster tile times 1";

/// The next word of a line, which loses it.
std::string_view take_word(std::string_view& line) {
  auto const end = std::min(line.find(' '), line.size());
  auto const word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

/// "KEY START TILE DEVICE", the times in seconds.
std::optional<RememberedTime> read_one(std::string_view line) {
  auto const key = take_word(line);
  auto const start = parse_number(take_word(line));
  auto const tile = parse_number(take_word(line));
  bool const is_good = key.size() == 64 && start && *start >= 0 && *start <= longest_s && tile && *tile >= 1e-12 &&
                       *tile <= longest_s && !line.empty();
  if (!is_good) return std::nullopt;
  return RememberedTime{std::string(key), std::string(line), {*start, *tile}};
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
    std::optional<topology::TileTime> const time = look();
    if (!time) return std::nullopt;
    times_.push_back({key, device, *time});
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

/// A card as a job's worker takes it.
jobs::Device as_device(topology::Gpu const& gpu, std::uint64_t wish_bytes) {
  auto const budget = topology::device_budget(gpu, wish_bytes).bytes;
  return {jobs::Device::Kind::cuda, gpu.ordinal, kernels::limit_within(budget - std::min(budget, topology::context_bytes(gpu)))};
}

/// Of each kind of card that the plan uses the first that this process sees.
void time_gpus(Memory& memory, jobs::Job const& job, topology::Cost const& cost, Machine const& machine,
               topology::TileTimes& times) {
  auto const& used = machine.plan.nodes.front().machine.gpus;
  for (auto const& gpu : machine.facts.gpus) {
    auto const is_it = [&](auto const& one) { return one.first == gpu.name; };
    bool const is_used = std::any_of(used.begin(), used.end(), [&](auto const& one) { return one.name == gpu.name; });
    if (!is_used || std::any_of(times.gpus.begin(), times.gpus.end(), is_it)) continue;
    auto const device = fmt::format("{} under driver {}", gpu.name, machine.facts.driver_version);
    // A few tiles do not fill a card: what each takes of many is less.
    auto const tiles = std::min(worker::tiles_to_time(job), most_tiles_apart);
    auto const what = fmt::format("{}{}\n{} tiles", tiles_text(cost), device, tiles);
    auto const time = memory.get(what, device, [&] {
      return worker::time_on_gpu(job, as_device(gpu, machine.plan.device_wish_bytes));
    });
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
  if (auto const cache = from("XDG_CACHE_HOME"); cache.is_absolute()) return cache / "muster" / "tile-times.txt";
  if (auto const home = from("HOME"); home.is_absolute()) return home / ".cache" / "muster" / "tile-times.txt";
  return std::nullopt;
}

std::vector<RememberedTime> parse_tile_times(std::string_view text) {
  auto const next_line = [&text] {
    auto const end = std::min(text.find('\n'), text.size());
    auto const line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
  };
  std::vector<RememberedTime> times;
  if (next_line() != heading) return times;
  while (!text.empty())
    if (auto time = read_one(next_line())) times.push_back(std::move(*time));
  return times;
}

std::string render_tile_times(std::vector<RememberedTime> const& times) {
  auto text = std::string(heading) + "\n";
  for (auto const& one : times)
    text += fmt::format("{} {:.6g} {:.6g} {}\n", one.key, one.time.start_s, one.time.tile_s, printable(one.device));
  return text;
}

topology::TileTimes tile_times_here(Machine const& machine, LoadedJob const& loaded, Timing timing) {
  topology::TileTimes times;
  auto const cost = loaded.job->cost();
  if (cost.tiles.empty()) return times;
  Memory memory(timing);
  auto const& node = machine.plan.nodes.front();
  time_cpu(memory, *loaded.job, cost, node, times);
  if (cost.has_gpu_form) time_gpus(memory, *loaded.job, cost, machine, times);
  memory.save();
  return times;
}

}  // namespace muster::cli
