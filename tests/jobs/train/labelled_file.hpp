// A file of the samples that a job would have simulated.
#pragma once

#include <string>
#include <vector>

#include "io/sample_file.hpp"
#include "jobs/train/contracts.hpp"
#include "tests/io/scratch.hpp"
#include "tests/jobs/train/jobs.hpp"

namespace muster::jobs::train {

inline io::SampleFile labelled(Params const& params) {
  auto const inputs = inputs_of(params.contract);
  io::SampleFile file;
  file.rows = params.samples.total();
  for (std::uint64_t i = 0; i < file.rows; ++i) {
    auto const contract = draw_contract(params.contract, params.seed, i);
    kernels::nets::LabelSums sums{};
    kernels::nets::add_label_paths(contract, params.seed, stream_paths, static_cast<std::uint32_t>(i), params.data.paths / 2, sums);
    auto const label = kernels::nets::label_of(contract, sums, params.data.paths / 2);
    for (double const value : values_of(params.contract, contract)) file.inputs.push_back(value);
    file.prices.push_back(label.price);
    for (auto const& input : inputs) file.slopes.push_back(input.slope < 0 ? 0 : label.slopes[static_cast<std::size_t>(input.slope)]);
  }
  return file;
}

/// The text of a job, without the keys that only simulations read.
inline std::string with_file(std::string_view job) {
  std::string text(job);
  for (std::string_view const key : {"paths = ", "tile_samples = "}) {
    auto const at = text.find(key);
    text.erase(at, text.find('\n', at) + 1 - at);
  }
  auto const at = text.find("[data]\n");
  return text.insert(at + 7, "file = \"s.h5\"\n");
}

/// Of a job that learns `file`, s.h5 in the scratch directory.
inline Params params_with_file(io::Scratch const& scratch, std::string_view job, io::SampleFile const& file, std::vector<std::string> overrides = {}) {
  io::write_samples(scratch / "s.h5", file);
  return parse_params(with_file(job), scratch / "job.toml", {.overrides = std::move(overrides)});
}
inline Params params_with_file(io::Scratch const& scratch, std::string_view job) {
  return params_with_file(scratch, job, labelled(params_of(job)));
}

}  // namespace muster::jobs::train
