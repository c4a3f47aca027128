// The parameters of a train job as checked plain data.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "jobs/train/stored_network.hpp"
#include "kernels/nets/device_learner.hpp"
#include "kernels/nets/shape.hpp"
#include "kernels/nets/update.hpp"

namespace muster::jobs::train {

/// What the network learns.
enum class Model { surrogate, autoencoder };

enum class ContractKind { european_call, asian_call };
/// How the spot moves.
enum class ContractModel { black_scholes, heston };
enum class Schedule { constant, cosine, one_cycle };

/// What else is taught to compare with: networks that learn prices alone.
enum class Baseline { none, prices };

/// Calls of strike 1, and the box that their markets are drawn from; each range is from, to.
struct ContractChoice {
  ContractKind type = ContractKind::european_call;
  ContractModel model = ContractModel::black_scholes;
  std::vector<double> spot{0.5, 1.5};
  std::vector<double> expiry_years{0.02, 2};
  std::vector<double> volatility{0.05, 0.6};
  std::vector<double> rate{-0.02, 0.08};
  std::vector<double> dividend{0, 0.05};
  std::vector<double> initial_variance{0.01, 0.25};
  std::vector<double> mean_reversion{0.5, 5};
  std::vector<double> long_run_variance{0.01, 0.25};
  std::vector<double> variance_volatility{0.1, 1};
  std::vector<double> correlation{-0.9, 0.1};
  std::uint64_t steps = 32;  ///< of a path under Heston's model
  std::uint64_t fixings = 12;
  std::vector<double> known_average{0.7, 1.3};  ///< of the known fixings, in spots
};

struct DataChoice {
  std::string file;    ///< of samples that another program has labelled; empty: muster makes them
  std::string digest;  ///< of it when the job was resolved
  std::uint64_t samples = 10'000;  ///< to learn from
  std::uint64_t validation = 2000;
  std::uint64_t test = 10'000;
  std::uint64_t paths = 100'000;   ///< of each label
  std::uint64_t tile_samples = 32;
  std::uint64_t grid = 0;  ///< contracts that arbitrage is looked for on, at least; 0: none
};

/// The bars that an autoencoder learns.
struct MarketChoice {
  std::string bars;    ///< a bar file, or "synthetic:..."
  std::string digest;  ///< of what it held when the job was resolved
};

/// Shares of the bars; what is left is the test span.
struct SpanChoice {
  double train = 0.6;
  double validation = 0.2;
};

/// An autoencoder's first half; the second mirrors it.
struct EncoderChoice {
  std::uint64_t window = 32;  ///< bars
  std::uint64_t latent = 16;
  std::uint64_t depth = 5;  ///< layers to the latent one, which counts
  std::uint64_t width = 128;  ///< of the first
  kernels::nets::Activation activation = kernels::nets::Activation::silu;
  std::uint64_t repeats = 1;
};

/// Samples of each sort, and the cells of the bars that they come from.
struct SampleCounts {
  std::uint64_t train = 0, validation = 0, test = 0;
  std::uint64_t bar_cells = 0;
  std::uint64_t total() const { return train + validation + test; }
};

struct NetworkChoice {
  std::uint64_t width = 160;
  std::uint64_t layers = 4;  ///< hidden ones
  kernels::nets::Activation activation = kernels::nets::Activation::silu;
  std::string init_from;    ///< a train result whose network is learned on; empty: none
  std::string init_digest;  ///< of that network when the job was resolved
  std::uint64_t frozen_layers = 0;  ///< of the first, that stay as they are
  std::uint64_t repeats = 1;
  Baseline baseline = Baseline::none;
};

struct TrainingChoice {
  std::uint64_t epochs = 50;
  std::uint64_t batch = 1024;
  std::uint64_t shards = 8;
  double slopes = 1;  ///< weight of the derivatives' loss against the prices'; 0: none
  kernels::nets::Precision precision = kernels::nets::Precision::fp32;
  kernels::nets::Optimizer optimizer = kernels::nets::Optimizer::adamw;
  Schedule schedule = Schedule::one_cycle;
  double learning_rate = 0.004;  ///< the highest
  double warmup = 0.1;           ///< share of the steps
  double final_rate = 0.001;     ///< share of the learning rate at the end
  double momentum = 0.9;
  double square_momentum = 0.99;
  double epsilon = 1e-8;
  double weight_decay = 0;
  double clip_norm = 0;          ///< 0: none
  double dropout = 0;            ///< share of the hidden values that a step leaves out
  double average = 0;            ///< keep of the moving average of the parameters a step; 0: none
  std::uint64_t validate_every = 0;  ///< steps; 0: an epoch
  std::uint64_t patience = 0;        ///< validations without a better one that end the run; 0: none do
};

/// Values that are tried in all combinations; an empty list: that of the training.
struct SweepChoice {
  std::vector<double> learning_rate, final_rate, momentum, weight_decay, clip_norm, dropout;
};

struct Params {
  std::string name = "train";
  std::uint64_t seed = 1;
  Model model = Model::surrogate;
  ContractChoice contract;
  DataChoice data;
  NetworkChoice network;
  TrainingChoice training;
  MarketChoice market;
  SpanChoice spans;
  EncoderChoice encoder;
  SweepChoice sweep;
  SampleCounts samples;  ///< of the data choice, or of the bars
  std::shared_ptr<StoredNetwork const> start;  ///< read from network.init_from; null: weights are drawn
};

}  // namespace muster::jobs::train
