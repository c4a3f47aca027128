// Where a run's progress is kept: the seam between rank 0 and the files of io/.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "core/tile.hpp"
#include "io/run_state.hpp"

namespace muster::orchestrator {

using Saved = io::RunProgress;

/// Called by rank 0's message thread, or by the one that saves, one call at a time. Throws Error
/// (Exit::environment) when there is no space, which ends the run; the last save stays good.
class Persistence {
 public:
  virtual ~Persistence() = default;
  /// The last save of this very job, if there is one.
  virtual std::optional<Saved> load() = 0;
  /// Digests of a committed lease, one a tile. They must be durable before a save that counts on
  /// them.
  virtual void record_digests(TileRange range, std::span<TileDigest const> digests,
                              std::uint32_t epoch) = 0;
  /// Replaces the last save, all or nothing, durable on return.
  virtual void save(Saved progress) = 0;
};

/// Keeps the last save in memory: for runs without an output file, and tests.
class MemoryPersistence : public Persistence {
 public:
  std::optional<Saved> load() override { return saved_; }
  void record_digests(TileRange, std::span<TileDigest const>, std::uint32_t) override {}
  void save(Saved progress) override { saved_ = std::move(progress); }

 private:
  std::optional<Saved> saved_;
};

/// Keeps it in the files of io::RunState. `fresh` tells that the state was created, not opened.
class FilePersistence : public Persistence {
 public:
  enum class Start { fresh, resumed };
  FilePersistence(io::RunState& state, Start start) : state_(state), start_(start) {}
  std::optional<Saved> load() override {
    Saved const& progress = state_.saved().progress;
    // Epoch 0: a run that was killed between its creation and its first save.
    if (start_ == Start::fresh || progress.epoch == 0) return std::nullopt;
    return progress;
  }
  void record_digests(TileRange range, std::span<TileDigest const> digests,
                      std::uint32_t epoch) override {
    state_.commit(range, digests, epoch);
  }
  void save(Saved progress) override { state_.save(std::move(progress)); }

 private:
  io::RunState& state_;
  Start start_;
};

}  // namespace muster::orchestrator
