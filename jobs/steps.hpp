// Jobs in steps: the tiles of a stage need what came of the stages before it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/tile.hpp"

namespace muster::jobs {

/// What the tiles of one stage need of the stages before: a population, the weights of a network. Immutable; every
/// process of a run makes its own, with the same bits, and its runners share it.
class Carry {
 public:
  virtual ~Carry() = default;
};
using CarryPtr = std::shared_ptr<Carry const>;

/// How a job goes from stage to stage. Ranks exchange the sums of a stage, never what is carried.
class Steps {
 public:
  virtual ~Steps() = default;
  /// For the tiles of stage 0. `threads` may be used, here and below; they change no bit.
  virtual CarryPtr first(int threads) const = 0;
  /// Whether runners may run ahead from the stage of `carry` as companions: TileRunner::run_ahead.
  virtual bool is_joint(Carry const& /*carry*/) const { return false; }
  /// For the tiles of the stage after: `sums` are those of the tiles of `carry`'s own stage alone, normalized.
  virtual CarryPtr next(CarryPtr const& carry, std::span<std::int64_t const> sums, int threads) const = 0;
  /// How far it has come, for the line of progress: "generation 3 of 50, best 1.32"; empty: nothing to tell.
  virtual std::string tell(Carry const& /*carry*/) const { return {}; }
  /// Seconds of a start after which the run is to be shortened; 0: never.
  virtual double wall_s() const { return 0; }
  /// `carry` with as little left to do as the job allows. Asked on rank 0 alone; the others get it whole, and from then on the
  /// decision is part of what is carried. Null: there is nothing to shorten.
  virtual CarryPtr shorten(CarryPtr const& /*carry*/) const { return nullptr; }
  /// Whether the run ends with the stage before `carry`.
  virtual bool is_done(Carry const& /*carry*/) const { return false; }
  /// All of it, for saves, for a rank that missed a stage, and as the sums of the finished run.
  virtual Slots encode(Carry const& carry) const = 0;
  /// Throws Error (Exit::user) for what encode() never gives.
  virtual CarryPtr decode(std::span<std::int64_t const> words, int threads) const = 0;
  /// The same for a waypoint of a finished run, without what is found in the run's `end` as well. Empty: nothing is to begin there.
  virtual Slots encode_waypoint(Carry const& carry) const { return encode(carry); }
  virtual CarryPtr decode_waypoint(std::span<std::int64_t const> words, Carry const& /*end*/, int threads) const { return decode(words, threads); }
};

/// The accumulators that a range of tiles adds to; all others it leaves alone.
struct SlotWindow {
  std::size_t first = 0;
  std::size_t count = 0;
};

}  // namespace muster::jobs
