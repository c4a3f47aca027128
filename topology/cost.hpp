// What a job costs, as plain data that its kind fills in, and from it the time and memory a plan takes.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "topology/plan.hpp"

namespace muster::topology {

/// A job's work, in seconds of two reference machines (docs/topology.md names them), and its memory. Nothing in it depends on
/// the machine. A tile of 0 seconds: its kind does not say.
struct Cost {
  std::vector<std::uint64_t> stages;  ///< tile counts at which the stop rule is judged; one where there is none
  std::string tiles;           ///< the same for jobs whose tiles cost the same, seeds and numbers of paths aside
  double tile_core_s = 0;      ///< a tile on one core of the reference CPU
  double tile_gpu_s = 0;       ///< a tile on the reference GPU
  double double_share = 0;     ///< the part of tile_gpu_s that is double-precision arithmetic
  double end_core_s = 0;       ///< once, on one core: what the results take
  bool has_gpu_form = true;    ///< false: its tiles are computed on one CPU thread wherever they run
  std::uint64_t job_bytes = 0;     ///< of host memory, in every process
  std::uint64_t thread_bytes = 0;  ///< besides, of every CPU compute thread
  std::uint64_t sums_bytes = 0;    ///< one set of exact sums
};

/// Seconds a tile of one job took when it was timed.
struct TileTime {
  double start_s = 0;  ///< until the device was ready
  double tile_s = 0;   ///< on each thread or GPU, all threads at work
};

/// What was timed on this machine; what is not there goes by the reference machines.
struct TileTimes {
  std::string cpu_model;  ///< of `cpu`
  int cpu_threads = 0;    ///< that were at work together
  TileTime cpu;           ///< tile_s 0: not timed
  std::vector<std::pair<std::string, TileTime>> gpus;  ///< by the name the driver gives
};

/// How fast one sort of device is.
struct DeviceTime {
  std::string device;  ///< "NVIDIA H200", "CPU thread"
  std::int64_t count = 0;
  double tile_s = 0;
  std::string reason;  ///< "timed here", "rated 100x"
};

/// Expected seconds from the command's start to its end.
struct Expected {
  double least_s = 0;  ///< where a stop rule ends the run at its first stage; else as most_s
  double most_s = 0;
  double start_s = 0;  ///< of these: until the devices are ready
  double end_s = 0;    ///< of these: results and their file
  std::vector<DeviceTime> devices;
};

/// The time that a job takes under a plan, whose machines it has to itself.
Expected expected_time(Plan const& plan, Cost const& cost, TileTimes const& timed);

/// The part of `expected_time` that is tiles: the shortest time in which devices that take whole tiles finish.
double time_of_tiles(std::vector<DeviceTime> const& devices, std::uint64_t tiles);

/// Host memory that one process of a machine's plan needs with so many compute threads.
std::uint64_t host_bytes(Cost const& cost, int threads);

/// Of all processes of a machine.
std::uint64_t host_bytes(NodePlan const& node, Cost const& cost);

/// Throws Error (Exit::user) where a machine of the plan has not the memory for the job, naming the nearest change that
/// would fit.
void check_memory(Plan const& plan, Cost const& cost);

}  // namespace muster::topology
