#include "io/feature_file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/sha256.hpp"
#include "io/bars_rules.hpp"
#include "io/document.hpp"
#include "io/document_writer.hpp"

namespace muster::io {
namespace {

constexpr char const* features_filetype = "muster-features";
constexpr std::int64_t features_major = 1, features_minor = 0;
constexpr std::uint64_t longest_feature_window = 4096;
constexpr std::int64_t widest_layer = 65'536;
constexpr std::size_t most_latents = 1024;

void add_text(Sha256& hash, std::string_view text) { hash.update_u64(text.size()).update(text); }

template <class T>
void add_column(Sha256& hash, std::vector<T> const& values) {
  hash.update_u64(values.size()).update(std::as_bytes(std::span(values)));
}

void add_texts(Sha256& hash, std::vector<std::string> const& texts) {
  hash.update_u64(texts.size());
  for (auto const& text : texts) add_text(hash, text);
}

bool is_scale(LatentScale const& scale) { return std::isfinite(scale.middle) && std::isfinite(scale.half) && scale.half > 0; }

/// Parameters of layers of these widths; nothing where they are none.
std::size_t parameters_of(std::vector<std::int64_t> const& widths) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (widths[i] < 1 || widths[i] > widest_layer) return 0;
    if (i > 0) count += static_cast<std::size_t>((widths[i - 1] + 1) * widths[i]);
  }
  return count;
}

std::string fault_in_network(FeatureFile const& file) {
  if (file.window < 1 || file.window > longest_feature_window) return fmt::format("its window has {} bars", file.window);
  if (file.latents.empty() || file.latents.size() > most_latents) return fmt::format("it has {} latent values", file.latents.size());
  if (file.widths.size() < 2 || file.widths.size() > 64) return fmt::format("its network has {} widths", file.widths.size());
  if (file.inputs.empty() || file.widths.front() != static_cast<std::int64_t>(file.window * file.inputs.size()))
    return "its network's first width is not that of a window";
  if (file.widths.back() != static_cast<std::int64_t>(file.latents.size())) return "its network's last width is not the number of latent values";
  if (parameters_of(file.widths) != file.parameters.size()) return "its network has not the parameters of its widths";
  if (!std::ranges::all_of(file.parameters, [](float x) { return std::isfinite(x); })) return "a parameter is not a finite number";
  if (!std::ranges::all_of(file.inputs, is_scale) || !std::ranges::all_of(file.latents, is_scale)) return "a scale has no positive half";
  return {};
}

std::string fault_in_times(FeatureFile const& file) {
  auto const length = static_cast<std::int64_t>(file.interval);
  for (std::size_t t = 0; t < file.times.size(); ++t) {
    if (t > 0 && file.times[t] <= file.times[t - 1]) return fmt::format("bar {} is not later than the one before it", t);
    if (file.available[t] < file.times[t] + length) return fmt::format("the values of bar {} are available before it has ended", t);
  }
  return {};
}

std::string fault_in_sizes(FeatureFile const& file) {
  if (file.symbols.empty() || file.symbols.size() > most_bar_symbols) return fmt::format("there are {} symbols", file.symbols.size());
  if (file.times.empty() || file.available.size() != file.times.size()) return "there is not one availability a bar";
  if (file.cells() > most_bar_cells / file.latents.size()) return "it has more than 2^27 values";
  if (file.values.size() != file.latents.size()) return "there is not one column a latent value";
  for (auto const& column : file.values)
    if (column.size() != file.cells()) return "a column has not one value a bar and symbol";
  if (file.training.symbols.empty()) return "its network was trained on no symbol";
  if (file.training.learned.from > file.training.learned.to || file.training.chosen.from > file.training.chosen.to)
    return "a span of its training ends before it begins";
  return {};
}

std::vector<double> doubles_of(std::vector<float> const& values) { return {values.begin(), values.end()}; }

std::vector<double> middles_of(std::vector<LatentScale> const& scales) {
  std::vector<double> values;
  for (auto const& scale : scales) values.push_back(scale.middle);
  return values;
}
std::vector<double> halves_of(std::vector<LatentScale> const& scales) {
  std::vector<double> values;
  for (auto const& scale : scales) values.push_back(scale.half);
  return values;
}

std::string column_name(std::size_t latent) { return fmt::format("/values/latent_{}", latent + 1); }

void write_scales(DocumentWriter& out, std::string const& group, std::vector<LatentScale> const& scales) {
  out.group(group);
  out.column(group + "/middle", "1", middles_of(scales));
  out.column(group + "/half", "1", halves_of(scales));
}

void write_network(DocumentWriter& out, FeatureFile const& file) {
  auto const& training = file.training;
  out.group("/network");
  out.attribute("/network", "digest", training.digest);
  out.attribute("/network", "bars_digest", training.bars_digest);
  out.attribute("/network", "window", file.window);
  out.attribute("/network", "activation", file.activation);
  out.column("/network/symbol", "", training.symbols);
  out.column("/network/from", "s", std::vector<std::int64_t>{training.learned.from, training.chosen.from});
  out.column("/network/to", "s", std::vector<std::int64_t>{training.learned.to, training.chosen.to});
  out.column("/network/width", "1", file.widths);
  out.column("/network/parameter", "1", doubles_of(file.parameters));
  write_scales(out, "/network/inputs", file.inputs);
  write_scales(out, "/network/latents", file.latents);
}

std::vector<LatentScale> read_scales(Document const& in, std::string const& group) {
  auto const rows = in.shape(group + "/middle").rows();
  auto const middle = in.column_of<double>(group + "/middle", rows), half = in.column_of<double>(group + "/half", rows);
  std::vector<LatentScale> scales;
  for (std::size_t i = 0; i < rows; ++i) scales.push_back({middle[i], half[i]});
  return scales;
}

template <class T>
std::vector<T> whole_column(Document const& in, std::string const& name) {
  return in.column_of<T>(name, in.shape(name).rows());
}

/// Every value must be one of a float: none is rounded in silence.
std::vector<float> floats_of(Document const& in, std::string const& name, std::vector<double> const& values) {
  std::vector<float> floats;
  floats.reserve(values.size());
  for (double const x : values) {
    auto const value = static_cast<float>(x);
    if (static_cast<double>(value) != x && x == x) in.refuse(name, "holds a number that is no float");
    floats.push_back(x == x ? value : std::numeric_limits<float>::quiet_NaN());
  }
  return floats;
}

void read_network(Document const& in, FeatureFile& file) {
  auto& training = file.training;
  training.digest = in.text_attribute("/network", "digest");
  training.bars_digest = in.text_attribute("/network", "bars_digest");
  training.symbols = whole_column<std::string>(in, "/network/symbol");
  auto const from = in.column_of<std::int64_t>("/network/from", 2), to = in.column_of<std::int64_t>("/network/to", 2);
  training.learned = {from[0], to[0]};
  training.chosen = {from[1], to[1]};
  file.window = in.natural_attribute("/network", "window");
  file.activation = in.text_attribute("/network", "activation");
  file.widths = whole_column<std::int64_t>(in, "/network/width");
  file.parameters = floats_of(in, "/network/parameter", whole_column<double>(in, "/network/parameter"));
  file.inputs = read_scales(in, "/network/inputs");
  file.latents = read_scales(in, "/network/latents");
}

void read_root(Document const& in, FeatureFile& file) {
  file.source = in.text_attribute("/", "source");
  file.muster_version = in.text_attribute("/", "muster_version");
  file.bars_digest = in.text_attribute("/", "bars_digest");
  auto const interval = interval_of(in.text_attribute("/", "interval"));
  if (!interval) in.refuse("/", "has an interval that muster does not know");
  file.interval = *interval;
  file.symbols = whole_column<std::string>(in, "/symbol");
  file.times = whole_column<std::int64_t>(in, "/time");
  file.available = whole_column<std::int64_t>(in, "/available");
}

void read_values(Document const& in, FeatureFile& file) {
  auto const height = file.times.size(), width = file.symbols.size();
  if (file.latents.size() > most_latents || width == 0 || height > most_bar_cells / width)
    in.refuse("/values", fmt::format("makes {} values of {} bars and {} symbols", file.latents.size(), height, width));
  for (std::size_t i = 0; i < file.latents.size(); ++i)
    file.values.push_back(floats_of(in, column_name(i), in.matrix_of<double>(column_name(i), height, width)));
}

}  // namespace

std::string features_digest(FeatureFile const& file) {
  Sha256 hash;
  for (auto const& text : {file.bars_digest, to_word(file.interval), file.training.digest, file.training.bars_digest, file.activation})
    add_text(hash, text);
  add_texts(hash, file.symbols);
  add_texts(hash, file.training.symbols);
  add_column(hash, std::vector<std::int64_t>{file.training.learned.from, file.training.learned.to, file.training.chosen.from,
                                              file.training.chosen.to, static_cast<std::int64_t>(file.window)});
  add_column(hash, file.times);
  add_column(hash, file.available);
  add_column(hash, file.widths);
  add_column(hash, file.parameters);
  for (auto const* scales : {&file.inputs, &file.latents}) {
    add_column(hash, middles_of(*scales));
    add_column(hash, halves_of(*scales));
  }
  for (auto const& column : file.values) add_column(hash, column);
  return hash.hex();
}

std::string find_fault(FeatureFile const& file) {
  for (auto const& find : {fault_in_network, fault_in_sizes, fault_in_times})
    if (auto fault = find(file); !fault.empty()) return fault;
  return {};
}

void write_features(std::filesystem::path const& path, FeatureFile const& file) {
  auto const fault = find_fault(file);
  MUSTER_ASSERT(fault.empty(), "feature file {}: {}", path.string(), fault);
  DocumentWriter out(path, features_filetype, features_major, features_minor);
  out.attribute("/", "source", file.source);
  out.attribute("/", "muster_version", file.muster_version);
  out.attribute("/", "digest", features_digest(file));
  out.attribute("/", "bars_digest", file.bars_digest);
  out.attribute("/", "interval", to_word(file.interval));
  out.column("/symbol", "", file.symbols);
  out.column("/time", "s", file.times);
  out.column("/available", "s", file.available);
  write_network(out, file);
  out.group("/values");
  for (std::size_t i = 0; i < file.values.size(); ++i)
    out.matrix(column_name(i), "1", doubles_of(file.values[i]), file.symbols.size());
  out.finish();
}

FeatureFile read_features(std::filesystem::path const& path) {
  Document const in(path, features_filetype, features_major);
  FeatureFile file;
  read_root(in, file);
  read_network(in, file);
  read_values(in, file);
  if (auto const fault = find_fault(file); !fault.empty()) in.refuse("", "says that " + fault);
  if (in.text_attribute("/", "digest") != features_digest(file)) in.refuse("/", "has a digest that does not fit its content");
  return file;
}

}  // namespace muster::io
