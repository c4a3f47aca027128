// What is carried from one step of training to the next.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "jobs/steps.hpp"
#include "jobs/train/arbitrage.hpp"
#include "jobs/train/dataset.hpp"
#include "kernels/nets/shape.hpp"

namespace muster::jobs::train {

/// Parameters and what the optimizer keeps beside them.
struct Weights {
  std::vector<float> parameters, first, second, average;
};

/// One step, as it was taken.
struct StepRecord {
  double loss = 0;        ///< of the prices, a sample, in the network's units
  double slope_loss = 0;  ///< of the derivatives, weighted
  double norm = 0;        ///< of the gradient, before it is clipped
  double rate = 0;
  std::uint64_t again = 0;  ///< times that its gradients were summed again on another scale
};
struct ValidationRecord {
  std::uint64_t step = 0;  ///< steps taken before it
  double loss = 0;
  double slope_loss = 0;
  double total() const { return loss + slope_loss; }
};

/// Records of a run; copies share all but the last piece.
class History {
 public:
  void add(StepRecord const& record);
  std::size_t size() const { return pieces_.size() * piece_size + last_.size(); }
  StepRecord const& operator[](std::size_t i) const { return i / piece_size < pieces_.size() ? (*pieces_[i / piece_size])[i % piece_size] : last_[i % piece_size]; }

 private:
  static constexpr std::size_t piece_size = 256;
  using Piece = std::vector<StepRecord>;
  std::vector<std::shared_ptr<Piece const>> pieces_;
  Piece last_;
};

/// What the tiles of a stage do.
enum class Phase : std::int64_t { label, learn, validate, check, over };

/// A run that is over.
struct Learned {
  std::uint64_t steps = 0;
  std::uint64_t validations = 0;
  std::uint64_t best = 0;  ///< among the validations of all runs
  std::shared_ptr<std::vector<float> const> parameters;
};

/// In fp16, by which gradients come out larger, lest small ones be lost on their way back: 2^exponent.
inline constexpr std::int64_t least_loss_exponent = -24, first_loss_exponent = 10, most_loss_exponent = 24;
struct LossScale {
  std::int64_t exponent = 0;
  std::uint64_t steps = 0;  ///< since it changed
};

struct Network final : Carry {
  Phase phase = Phase::label;
  std::uint64_t step = 0;    ///< steps taken by this run
  std::uint64_t again = 0;   ///< times that this one was summed
  std::uint64_t spent = 0;   ///< of the spare stages, by all steps
  std::shared_ptr<Slots const> labels;  ///< their sums; none of windows
  std::shared_ptr<Dataset const> data;
  std::shared_ptr<Weights const> weights;
  std::vector<std::int64_t> exponents;  ///< of each bucket: a gradient counts 2^exponent times what it comes out as
  std::optional<LossScale> loss_scale;  ///< in fp16 alone
  History history;
  std::vector<ValidationRecord> validations;
  std::uint64_t best = 0;  ///< among them, of this run; in the end of the one that is kept
  std::shared_ptr<std::vector<float> const> best_parameters;
  std::vector<Learned> learned;  ///< runs before this one; in the end all, where there are several
  std::uint64_t lines = 0;  ///< of the grid that was looked at for arbitrage
  Findings findings{};

  /// Its stage is a step or a validation.
  bool trains() const { return phase == Phase::learn || phase == Phase::validate; }
  /// All runs are over, and this one is told among them.
  bool is_last_learned() const { return !learned.empty() && (phase == Phase::check || phase == Phase::over); }
  /// Number of this run.
  std::uint64_t run() const { return is_last_learned() ? learned.size() - 1 : learned.size(); }
  /// What is validated, and kept when it is the best.
  std::vector<float> const& judged(bool has_average) const { return has_average ? weights->average : weights->parameters; }
};

inline double power_of_two(std::int64_t exponent) { return std::bit_cast<double>((exponent + 1023) << 52); }
inline double loss_scale_of(Network const& network) { return network.loss_scale ? power_of_two(network.loss_scale->exponent) : 1; }

/// Four words a rule.
inline constexpr std::size_t finding_words = 4 * rule_count;
void write_findings(Findings const& findings, std::span<std::int64_t> to);
Findings read_findings(std::span<std::int64_t const> from);

Slots encode(Network const& network);
/// `given` are windows, or samples of a file; else the data are made of the labels. Throws Error (Exit::user) for what encode() never
/// gives.
std::shared_ptr<Network> decode(Params const& params, std::span<std::int64_t const> words, int threads,
                                std::shared_ptr<Dataset const> given = nullptr);

}  // namespace muster::jobs::train
