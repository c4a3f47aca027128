// ONNX models (https://onnx.ai): graphs as plain data, written through libonnx where the build has it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace muster::io {

/// A constant of a graph. No dims: one number.
struct OnnxTensor {
  std::string name;
  std::vector<std::int64_t> dims;
  std::variant<std::vector<float>, std::vector<double>, std::vector<std::int64_t>> values;
};

/// An operator with one output; attributes are whole numbers.
struct OnnxNode {
  std::string op;
  std::vector<std::string> inputs;
  std::string output;
  std::vector<std::pair<std::string, std::int64_t>> attributes = {};
};

/// A graph over any number of rows: each input and output is a double a row. Nodes stand behind those they need.
struct OnnxModel {
  std::string name;
  std::string description;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<OnnxTensor> constants;
  std::vector<OnnxNode> nodes;
  std::vector<std::pair<std::string, std::string>> properties;  ///< what else a reader should know
};

/// The type of an element, as `Cast` names it in `to`.
inline constexpr std::int64_t onnx_double = 11;

bool has_onnx();
/// The model as a file's bytes, after libonnx has checked it. Throws Error: Exit::environment in a build without libonnx,
/// Exit::bug for a graph that it refuses.
std::string onnx_bytes(OnnxModel const& model);

}  // namespace muster::io
