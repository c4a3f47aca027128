// Latent values of bars as features of trading rules: a feature file at work.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/feature_file.hpp"
#include "jobs/encoder.hpp"

namespace muster::jobs {

std::string_view activation_name(kernels::nets::Activation activation);

/// When the values of a bar are known: its end, for a daily bar that of its date in UTC, which is after the close.
std::int64_t available_after(io::BarInterval interval, std::int64_t time);

/// Throws Error (Exit::user) for bars with symbols that a network was not trained on.
void require_trained_on(io::Training const& training, io::Bars const& bars);

/// Throws Error (Exit::user) for a network that muster does not have.
Encoder encoder_of(io::FeatureFile const& file);

/// [symbol][bar][latents] of encode() in the order of a file's columns: [latents][bar * symbols].
std::vector<std::vector<float>> columns_of(std::vector<float> const& encoded, std::size_t bars, std::size_t symbols, std::size_t latents);

}  // namespace muster::jobs
