#include "io/sample_file.hpp"

#include <fmt/core.h>

#include <cmath>

#include "io/document.hpp"
#include "io/document_writer.hpp"

namespace muster::io {
namespace {

constexpr std::uint64_t most_rows = 20'000'000;

std::vector<double> finite(Document const& in, std::string const& name, std::vector<double> values, std::uint64_t columns) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) in.refuse(name, fmt::format("has in row {} (the first is 0) a number that is not finite", i / columns));
  return values;
}

std::vector<double> matrix(Document const& in, std::string const& name, std::uint64_t rows, std::uint64_t columns) {
  return finite(in, name, in.matrix_of<double>(name, rows, columns), columns);
}

}  // namespace

SampleFile read_samples(std::filesystem::path const& path, std::uint64_t columns) {
  Document const in(path, Document::AnyProgram{"sample"});
  SampleFile file;
  file.digest = in.checksum();
  file.rows = in.shape("/inputs").rows();
  if (file.rows < 1 || file.rows > most_rows) in.refuse("/inputs", fmt::format("has {} rows, not 1 to {}", file.rows, most_rows));
  file.inputs = matrix(in, "/inputs", file.rows, columns);
  if (in.shape("/price").elements() != file.rows) in.refuse("/price", fmt::format("has {} rows where {} belong", in.shape("/price").elements(), file.rows));
  file.prices = finite(in, "/price", in.column_of<double>("/price", file.rows), 1);
  if (in.has("/slopes")) file.slopes = matrix(in, "/slopes", file.rows, columns);
  return file;
}

void write_samples(std::filesystem::path const& path, SampleFile const& file) {
  DocumentWriter out(path, "muster-samples", 1, 0);
  auto const columns = file.inputs.size() / file.rows;
  out.matrix("/inputs", "", file.inputs, columns);
  out.column("/price", "strikes", file.prices);
  if (!file.slopes.empty()) out.matrix("/slopes", "", file.slopes, columns);
  out.finish();
}

}  // namespace muster::io
