// Tensors in the safetensors format (https://github.com/huggingface/safetensors): a JSON header, then raw little-endian numbers.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace muster::cli {

struct Tensor {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::variant<std::vector<float>, std::vector<double>> values;
};

/// A file's bytes. `properties` are its metadata. Tensors begin at multiples of their numbers' size where doubles stand first.
std::string safetensors_bytes(std::vector<Tensor> const& tensors, std::vector<std::pair<std::string, std::string>> const& properties);

}  // namespace muster::cli
