// What a kind of job is, to everyone else: tiles with exact sums, a stop rule, and result tables.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/table.hpp"
#include "core/tile.hpp"
#include "io/looks.hpp"
#include "jobs/steps.hpp"
#include "topology/cost.hpp"
#include "topology/facts.hpp"

namespace muster::kernels {
class DevicePool;
}

namespace muster::jobs {

/// Where a worker computes. `cuda` names a CUDA ordinal of this process; `host` is one CPU thread.
struct Device {
  enum class Kind { host, cuda } kind = Kind::host;
  int ordinal = 0;
  std::uint64_t pool_bytes = UINT64_MAX;  ///< most that a GPU's pool may give
  kernels::DevicePool* pool = nullptr;    ///< where a GPU's memory comes from; the worker fills it in with its own
  std::vector<Device> partners = {};      ///< GPUs that compute with it, as one
  int members = 1;                        ///< of all of these, those that hold one copy of a network among them
};

/// GPUs that compute as one: how many, and how many hold one copy of a network among them.
struct Team {
  int gpus = 1;
  int members = 1;
  bool is_joined = false;  ///< with those of other processes
  bool is_alone = false;   ///< nothing else computes the run
};

/// What a runner does to need less memory, none of which changes a bit.
enum class MemoryStep { smaller_batch, recomputation };
struct StepDown {
  MemoryStep step = MemoryStep::smaller_batch;
  std::string now;  ///< for people: "33 792 paths at once instead of 270 336"
};

/// The other processes that compute the same stages, each a share of them; all do the same.
class Companions {
 public:
  virtual ~Companions() = default;
  /// Of this process among them, from 0.
  int index() const { return index_; }
  int size() const { return size_; }
  /// Collective: words of the host become their sums over all. These throw Error (Exit::environment, Retry::may_help) when one
  /// is lost or does not come.
  virtual void add_words(std::span<std::int64_t> words) = 0;
  /// The same of arrays in the memory of each device of a runner, in their order.
  virtual void add_on_devices(std::span<std::span<std::int64_t> const> sums) = 0;

 protected:
  Companions(int index, int size) : index_(index), size_(size) {}

 private:
  int index_, size_;
};

/// Stages that a runner computed one after the other by itself, or with companions.
struct Ahead {
  CarryPtr carry;                   ///< of the stage behind them
  std::vector<TileDigest> digests;  ///< of all their tiles
};

/// Computes tiles on one device. Not shared between threads; may keep buffers between calls.
class TileRunner {
 public:
  virtual ~TileRunner() = default;
  /// Takes the memory it needs of its device, before the first run and after a step down. Throws
  /// kernels::OutOfMemory.
  virtual void prepare() {}
  /// After kernels::OutOfMemory: gives the device's memory back and needs less of it from now on; nullopt when there
  /// is no way left.
  virtual std::optional<StepDown> step_down() { return std::nullopt; }
  /// What the tiles run from now on need; before the first of them. Only for jobs in steps.
  virtual void enter(CarryPtr /*carry*/) {}
  /// Adds the accumulators of every tile of `range` to `sums` (those of Job::window(range), all of one stage where the
  /// job has steps) and writes one digest a tile. The bits depend on the resolved job and the tile index alone.
  /// Throws Error (Exit::job_failed) naming item and tile when a contribution is NaN or out of range, and
  /// kernels::OutOfMemory, with parts of the range added: start again from zeros then.
  virtual void run(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest> digests) = 0;
  /// Asked of the only runner of a run, or of all of them with `companions`, who need not tell their sums: from `stage`, all of the
  /// stage that was entered, it goes from stage to stage as run() and Steps::next would, until `is_enough` of the first companion,
  /// or before the last one. Nullopt: no stage was run so. With companions every process has the same answer.
  virtual std::optional<Ahead> run_ahead(TileRange /*stage*/, std::function<bool()> const& /*is_enough*/, Companions* /*companions*/ = nullptr) {
    return std::nullopt;
  }
  /// How many tiles one call should get to keep this device busy for a good fraction of a second at most.
  virtual std::uint64_t preferred_tiles() const = 0;
};

/// On which devices a tile has the same bits. Only where it has them on every device may two kinds of
/// device compute the same tile, and whichever answers first count.
enum class SameBits { on_every_device, on_one_kind };

class Job;
/// The same work in smaller pieces, to be timed: one of its tiles costs `share` of a tile of the job it stands for. No job:
/// the job's own tiles are small enough.
struct Miniature {
  std::shared_ptr<Job const> job;
  double share = 1;
};

/// Progress is counted in the job's own unit, e.g. path-steps.
struct WorkUnit {
  std::string name;         ///< "path-steps"
  double units_per_tile = 1;  ///< where tiles differ, on average over all of them
  std::string item = {};      ///< what else people count: "evaluations"; empty: nothing
  double units_per_item = 1;
};

/// What a job takes of a card.
struct DeviceNeed {
  std::uint64_t pool_bytes = 0;     ///< of the pool, at its high water
  std::uint64_t context_bytes = 0;  ///< of the driver, for itself and the kernels' stacks
  std::uint64_t full_bytes = 0;     ///< all of it, were there memory to fill the card with work
  bool fits = true;                 ///< false: not even the least of it does, and the CPU computes
  std::string note;                 ///< for people: "33 792 paths at once instead of 270 336"; empty when the card is filled
  /// What nvidia-smi shows for the process.
  std::uint64_t bytes() const { return pool_bytes + context_bytes; }
};

/// One resolved job. Immutable after construction; shared by all ranks of a process.
class Job {
 public:
  virtual ~Job() = default;
  virtual std::string_view kind() const = 0;
  /// Accumulator slots of the whole run; of one stage for a job in steps.
  virtual std::size_t slots() const = 0;
  /// Those that the tiles of a range inside the run add to.
  virtual SlotWindow window(TileRange /*range*/) const { return {0, slots()}; }
  /// For a job in steps: sums begin from zero with each stage, and what came of a stage is carried to the next. Null:
  /// stages only judge, and sums run on.
  virtual Steps const* steps() const { return nullptr; }
  /// Before anything else: decisions that a clock made in the run that ended with these sums are made again.
  virtual void obey(std::span<std::int64_t const> /*sums*/) {}
  /// The tile counts at which the stop rule is judged, ascending; the last one always ends the run.
  /// A job without a stop rule returns one value.
  virtual std::vector<std::uint64_t> stages() const = 0;
  /// Asked on rank 0 when exactly the tiles [0, tiles) are summed, tiles being one of stages().
  /// Jobs in steps are asked through Steps::is_done instead.
  virtual bool is_done(std::span<std::int64_t const> sums, std::uint64_t tiles) const = 0;
  /// Restores the headroom of every slot (carries limb into limb) and keeps the value; called while sums
  /// of many tiles are merged and always before is_done, results and a save. Slots without carries need none.
  virtual void normalize(std::span<std::int64_t> /*sums*/) const {}
  virtual SameBits same_bits() const { return SameBits::on_every_device; }
  virtual WorkUnit work_unit() const = 0;
  /// The work of these tiles, all of one stage.
  virtual double units(TileRange range) const { return static_cast<double>(range.count) * work_unit().units_per_tile; }
  /// What the job takes of time and memory, as far as its kind can say without computing.
  virtual topology::Cost cost() const {
    topology::Cost cost;
    cost.stages = stages();
    return cost;
  }
  /// The job in tiles that each take a device of this kind some `tile_s` seconds. This job must outlive it.
  virtual Miniature miniature(Device::Kind /*kind*/, double /*tile_s*/) const { return {}; }
  virtual std::unique_ptr<TileRunner> make_runner(Device device) const = 0;
  /// Whether the GPUs of a process compute together, as one device with partners.
  virtual bool shares_gpus() const { return false; }
  /// Whether GPUs can hold one copy of its network among them.
  virtual bool has_model_parallel_form() const { return false; }
  /// What a process that computes this job on `gpu`, one of a team where GPUs are shared, takes of it when it may take
  /// `budget_bytes` (topology::device_budget); nullopt for a job that uses no GPU.
  virtual std::optional<DeviceNeed> device_need(topology::Gpu const& /*gpu*/, std::uint64_t /*budget_bytes*/, Team /*team*/ = {}) const {
    return std::nullopt;
  }
  /// The numbers: every estimate with mean, standard error and count. For a job in steps `sums` is what it carries at
  /// the end, encoded.
  virtual std::vector<Table> results(std::span<std::int64_t const> sums, std::uint64_t tiles) const = 0;
  /// The file that counts looks at bars which no search may see; nullopt where nobody counts.
  virtual std::optional<std::filesystem::path> looks_journal() const { return std::nullopt; }
  /// What results() has looked at; who and when is filled in by the runner. nullopt: at nothing that is counted.
  virtual std::optional<io::Look> look(std::vector<Table> const& /*results*/) const { return std::nullopt; }
  /// A compact text for the terminal (at most some 25 lines).
  virtual std::string summary(std::vector<Table> const& results) const = 0;
};

/// Of a process that drives so many GPUs, where groups of `members` are asked for: where they do not divide into such, each has all.
inline Team team_of(Job const& job, int gpus, int members) {
  if (!job.shares_gpus() || gpus == 0) return {};
  return {gpus, gpus % members == 0 ? members : 1};
}

/// Accumulator slots of a stage of a job in steps; of the run otherwise.
inline std::size_t slots_of_stage(Job const& job, TileRange stage) {
  if (job.steps() == nullptr) return job.slots();
  auto const window = job.window(stage);
  return window.first + window.count;
}

}  // namespace muster::jobs
