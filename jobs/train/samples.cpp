#include "jobs/train/samples.hpp"

#include <algorithm>
#include <span>

#include "core/error.hpp"
#include "jobs/train/contracts.hpp"

namespace muster::jobs::train {
namespace {

using Row = std::span<double const>;

/// A little room for ends that were rounded.
bool is_within(Input const& input, double value) {
  double const away = (value - input.middle) / input.half;
  return away >= -1 - 1e-9 && away <= 1 + 1e-9;
}

void check_row(Params const& params, std::vector<Input> const& inputs, std::uint64_t number, Row row) {
  for (std::size_t j = 0; j < inputs.size(); ++j)
    MUSTER_REQUIRE(is_within(inputs[j], row[j]), "{}: row {} has {} {}, outside of the job's box, {} to {} (the network is scaled to that); widen [contract], or leave "
                   "the row out", params.data.file, number, inputs[j].name, row[j], inputs[j].middle - inputs[j].half,
                   inputs[j].middle + inputs[j].half);
  try {
    contract_of(params.contract, {row.begin(), row.end()});
  } catch (Error const& error) {
    throw_error(Exit::user, "{}: row {}: {}", params.data.file, number, error.what());
  }
}

Row row_of(std::vector<double> const& values, std::uint64_t i, std::size_t columns) {
  return std::span(values).subspan(i * columns, columns);
}

/// The price, and the derivatives in a label's order.
kernels::nets::Label label_of(io::SampleFile const& file, std::uint64_t i, std::vector<Input> const& inputs) {
  kernels::nets::Label label{file.prices[i], {}};
  if (file.slopes.empty()) return label;
  auto const slopes = row_of(file.slopes, i, inputs.size());
  for (std::size_t j = 0; j < inputs.size(); ++j)
    if (inputs[j].slope >= 0) label.slopes[static_cast<std::size_t>(inputs[j].slope)] = slopes[j];
  return label;
}

std::shared_ptr<Dataset const> dataset_of(Params const& params, io::SampleFile const& file) {
  auto const inputs = inputs_of(params.contract);
  Labelled samples;
  for (std::uint64_t i = 0; i < params.samples.total(); ++i) samples.labels.push_back(label_of(file, i, inputs));
  samples.values = [&](std::uint64_t i) {
    auto const row = row_of(file.inputs, i, inputs.size());
    return std::vector<double>(row.begin(), row.end());
  };
  auto data = std::make_shared<Dataset>(make_dataset(params, samples, 1));
  data->knows_slopes = !file.slopes.empty();
  return data;
}

}  // namespace

io::SampleFile open_samples(Params const& params, std::filesystem::path const& folder) {
  auto const& data = params.data;
  auto const inputs = inputs_of(params.contract);
  auto file = io::read_samples(folder / data.file, inputs.size());
  MUSTER_REQUIRE(data.digest.empty() || data.digest == file.digest,
                 "{} has the digest {:.16}..., the job was resolved with {:.16}... (other samples would give another answer); bring back the file it "
                 "was resolved with, or leave data.digest out", data.file, file.digest, data.digest);
  for (std::uint64_t i = 0; i < file.rows; ++i) check_row(params, inputs, i, row_of(file.inputs, i, inputs.size()));
  return file;
}

std::shared_ptr<Dataset const> SampleSource::data() const {
  std::call_once(is_made_, [this] { data_ = dataset_of(params_, open_samples(params_, folder_)); });
  return data_;
}

}  // namespace muster::jobs::train
