#include <fmt/core.h>

#include "cli/build_info.hpp"
#include "cli/commands.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "io/feature_file.hpp"
#include "io/result_file.hpp"
#include "jobs/bars.hpp"
#include "jobs/train/features.hpp"
#include "jobs/train/parse.hpp"

namespace muster::cli {
namespace {

std::size_t defined_in(std::vector<float> const& values) {
  std::size_t count = 0;
  for (float const x : values) count += x == x ? 1 : 0;
  return count;
}

std::string text_of(io::FeatureFile const& file, std::filesystem::path const& output, std::string const& digest) {
  auto const& trained = file.training;
  auto const time = [&](std::int64_t at) { return jobs::bar_time(file.interval, at); };
  return fmt::format("  {} features of {} symbols and {} bars from {} to {}; {:.1f} % of the bars have them\n"
                     "  learned from {} to {}, chosen from {} to {}, each known when its bar has ended\n\nfeatures  {}\ndigest    {}\n",
                     file.latents.size(), file.symbols.size(), file.times.size(), time(file.times.front()), time(file.times.back()),
                     100 * static_cast<double>(defined_in(file.values.front())) / static_cast<double>(file.cells()), time(trained.learned.from),
                     time(trained.learned.to), time(trained.chosen.from), time(trained.chosen.to), output.string(), digest);
}

}  // namespace

int cmd_features(FeaturesOptions const& options, Form form) {
  auto const stored = io::read_result(options.result);
  auto const params = stored.kind == "train" ? jobs::train::read_params(stored.resolved_text) : jobs::train::Params{};
  MUSTER_REQUIRE(params.model == jobs::train::Model::autoencoder,
                 "{} holds no autoencoder (features are its latent values); give the result of a train job with model = \"autoencoder\"",
                 options.result.string());
  auto file = jobs::train::features_of(params, stored.tables, stored.result_digest, jobs::open_bars(options.bars, "", "")->bars);
  file.source = fmt::format("{} of {}", options.result.filename().string(), options.bars);
  file.muster_version = version();
  auto output = options.output;
  if (output.empty()) output = options.result.stem().string() + "_features.h5";
  io::write_features(output, file);
  auto const digest = io::features_digest(file);
  answer(form, text_of(file, output, digest),
         Value::object({{"output", output.string()}, {"digest", digest}, {"network_digest", file.training.digest},
                        {"bars_digest", file.bars_digest}, {"features", file.latents.size()}, {"symbols", file.symbols.size()},
                        {"bars", file.times.size()}, {"values", defined_in(file.values.front())}}));
  return 0;
}

}  // namespace muster::cli
