#include "cli/safetensors.hpp"

#include <bit>

#include "cli/value.hpp"

namespace muster::cli {
namespace {

static_assert(std::endian::native == std::endian::little, "the format's numbers are little-endian");

char const* type_of(Tensor const& tensor) { return std::holds_alternative<std::vector<float>>(tensor.values) ? "F32" : "F64"; }

std::string_view bytes_of(Tensor const& tensor) {
  return std::visit([](auto const& values) {
    return std::string_view(reinterpret_cast<char const*>(values.data()), values.size() * sizeof(values[0]));
  }, tensor.values);
}

Value numbers(std::vector<std::uint64_t> const& all) { return Value::Array(all.begin(), all.end()); }

std::string header_of(std::vector<Tensor> const& tensors, std::vector<std::pair<std::string, std::string>> const& properties) {
  Value about = Value::object({});
  for (auto const& [key, value] : properties) about.set(key, value);
  Value header = Value::object({{"__metadata__", about}});
  std::uint64_t at = 0;
  for (auto const& tensor : tensors) {
    auto const end = at + bytes_of(tensor).size();
    header.set(tensor.name, Value::object({{"dtype", type_of(tensor)}, {"shape", numbers(tensor.shape)}, {"data_offsets", numbers({at, end})}}));
    at = end;
  }
  auto text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

}  // namespace

std::string safetensors_bytes(std::vector<Tensor> const& tensors, std::vector<std::pair<std::string, std::string>> const& properties) {
  auto const header = header_of(tensors, properties);
  std::uint64_t const size = header.size();
  std::string bytes(reinterpret_cast<char const*>(&size), sizeof(size));
  bytes += header;
  for (auto const& tensor : tensors) bytes += bytes_of(tensor);
  return bytes;
}

}  // namespace muster::cli
