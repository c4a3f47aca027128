#include "io/onnx_file.hpp"

#include "core/error.hpp"

#if MUSTER_HAVE_ONNX
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>
#endif

namespace muster::io {

#if MUSTER_HAVE_ONNX

namespace {

/// Operators of 2022, read by every runtime since.
constexpr std::int64_t operator_set = 17, format_version = 8;

void add_port(onnx::ValueInfoProto& port, std::string const& name) {
  port.set_name(name);
  auto& type = *port.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::DOUBLE);
  type.mutable_shape()->add_dim()->set_dim_param("rows");
}

template <class Value>
void put_values(onnx::TensorProto& to, onnx::TensorProto::DataType type, std::vector<Value> const& values) {
  to.set_data_type(type);
  to.set_raw_data(values.data(), values.size() * sizeof(Value));
}
void put(onnx::TensorProto& to, std::vector<float> const& values) { put_values(to, onnx::TensorProto::FLOAT, values); }
void put(onnx::TensorProto& to, std::vector<double> const& values) { put_values(to, onnx::TensorProto::DOUBLE, values); }
void put(onnx::TensorProto& to, std::vector<std::int64_t> const& values) { put_values(to, onnx::TensorProto::INT64, values); }

void add_constant(onnx::TensorProto& to, OnnxTensor const& from) {
  to.set_name(from.name);
  for (auto const dim : from.dims) to.add_dims(dim);
  std::visit([&](auto const& values) { put(to, values); }, from.values);
}

void add_node(onnx::NodeProto& to, OnnxNode const& from) {
  to.set_op_type(from.op);
  to.set_name(from.output);
  for (auto const& input : from.inputs) to.add_input(input);
  to.add_output(from.output);
  for (auto const& [name, value] : from.attributes) {
    auto& attribute = *to.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(value);
  }
}

void add_graph(onnx::GraphProto& to, OnnxModel const& from) {
  to.set_name(from.name);
  for (auto const& name : from.inputs) add_port(*to.add_input(), name);
  for (auto const& name : from.outputs) add_port(*to.add_output(), name);
  for (auto const& constant : from.constants) add_constant(*to.add_initializer(), constant);
  for (auto const& node : from.nodes) add_node(*to.add_node(), node);
}

onnx::ModelProto proto_of(OnnxModel const& model) {
  onnx::ModelProto made;
  made.set_ir_version(format_version);
  made.set_producer_name("muster");
  made.set_doc_string(model.description);
  made.add_opset_import()->set_version(operator_set);
  add_graph(*made.mutable_graph(), model);
  for (auto const& [key, value] : model.properties) {
    auto& property = *made.add_metadata_props();
    property.set_key(key);
    property.set_value(value);
  }
  return made;
}

/// Operators, types and shapes; the copy takes what is inferred.
void check(onnx::ModelProto made) {
  try {
    onnx::checker::check_model(made);
    onnx::shape_inference::InferShapes(made, onnx::OpSchemaRegistry::Instance(), {true, 1, false});
  } catch (std::exception const& fault) {
    throw_error(Exit::bug, "libonnx refuses the graph ({}); please report it", fault.what());
  }
}

}  // namespace

bool has_onnx() { return true; }

std::string onnx_bytes(OnnxModel const& model) {
  auto const made = proto_of(model);
  check(made);
  std::string bytes;
  MUSTER_REQUIRE_ENV(made.SerializeToString(&bytes), "the ONNX file would be over 2 GiB (its format ends there); use --safetensors");
  return bytes;
}

#else

bool has_onnx() { return false; }

std::string onnx_bytes(OnnxModel const&) {
  throw_error(Exit::environment, "this build has no ONNX (libonnx-dev was not there when it was made); install it and build again, "
                                 "or use --safetensors");
}

#endif

}  // namespace muster::io
