// Feature files: what an autoencoder makes of bars, and the network itself; written by `muster features`, read by evolve jobs
// (docs/formats/features.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/bars.hpp"

namespace muster::io {

/// Instants of the first and the last bar of a span.
struct SpanTimes {
  std::int64_t from = 0;
  std::int64_t to = 0;
};

/// What a network has seen before it made features.
struct Training {
  std::string digest;                ///< of its train result, 64 hex digits
  std::string bars_digest;           ///< of the bars it was trained on
  std::vector<std::string> symbols;  ///< of those
  SpanTimes learned;                 ///< the train span
  SpanTimes chosen;                  ///< the validation span, which chose among its steps
};

/// Latent value x as a feature: (x - middle) / half.
struct LatentScale {
  double middle = 0;
  double half = 1;
};

/// L = latents.size() values of each of T bars and S symbols.
struct FeatureFile {
  std::string source;  ///< which network on which bars, for people
  std::string muster_version;
  std::string bars_digest;  ///< of the bars that the values are of
  BarInterval interval = BarInterval::day;
  std::vector<std::string> symbols;
  std::vector<std::int64_t> times;      ///< of the bars
  std::vector<std::int64_t> available;  ///< when the values of each bar are known
  std::vector<std::vector<float>> values;  ///< [L][T * S], a bar's symbols side by side; NaN where there is none

  Training training;
  std::uint64_t window = 0;  ///< bars
  std::string activation;
  std::vector<std::int64_t> widths;  ///< of the encoder, inputs first and latent values last
  std::vector<float> parameters;     ///< weights [inputs][outputs] and biases, layer after layer
  std::vector<LatentScale> inputs;   ///< of the inputs of a bar: (x - middle) / half
  std::vector<LatentScale> latents;

  std::size_t cells() const { return times.size() * symbols.size(); }
};

/// SHA-256 over all but source and version.
std::string features_digest(FeatureFile const& file);

/// The first thing that is wrong; empty when nothing is.
std::string find_fault(FeatureFile const& file);

/// Writes the file in one step. Throws Error: Exit::environment for disk and permission, Exit::bug for content that no reader would
/// accept.
void write_features(std::filesystem::path const& path, FeatureFile const& file);
/// Reads and checks structure, checksum, ranges and digest. Throws Error (Exit::user) naming what is wrong.
FeatureFile read_features(std::filesystem::path const& path);

}  // namespace muster::io
