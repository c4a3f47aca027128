// ONNX files: what libonnx accepts and refuses, or that there is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "io/onnx_file.hpp"
#include "tests/io/scratch.hpp"

namespace muster::io {
namespace {

using ::testing::HasSubstr;

OnnxModel doubling() {
  return {.name = "doubling", .description = "Twice x.", .inputs = {"x"}, .outputs = {"y"}, .constants = {{"two", {}, std::vector<double>{2}}},
          .nodes = {{"Mul", {"x", "two"}, "y"}}, .properties = {{"unit", "strikes"}}};
}

class OnnxFiles : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_onnx()) GTEST_SKIP() << "no libonnx";
  }
};

TEST_F(OnnxFiles, hold_the_graph) {
  auto const bytes = onnx_bytes(doubling());
  for (auto const* part : {"muster", "doubling", "Twice x.", "Mul", "rows", "strikes"}) EXPECT_THAT(bytes, HasSubstr(part));
  EXPECT_EQ(bytes, onnx_bytes(doubling()));
}

TEST_F(OnnxFiles, are_not_made_of_graphs_that_cannot_be) {
  auto const refused = [](auto change) {
    auto model = doubling();
    change(model);
    return message_of(Exit::bug, [&] { onnx_bytes(model); });
  };
  EXPECT_THAT(refused([](OnnxModel& model) { model.nodes[0].op = "Double"; }), HasSubstr("libonnx refuses the graph"));
  EXPECT_THAT(refused([](OnnxModel& model) { model.nodes[0].inputs[0] = "z"; }), HasSubstr("z"));
  EXPECT_THAT(refused([](OnnxModel& model) { model.constants[0].values = std::vector<float>{2}; }), HasSubstr("libonnx refuses the graph"));
  EXPECT_THAT(refused([](OnnxModel& model) { model.nodes[0] = {"Cast", {"x"}, "y", {{"to", 1}}}; }), HasSubstr("libonnx refuses the graph"));
}

TEST(OnnxFile, is_told_to_be_missing) {
  if (has_onnx()) GTEST_SKIP() << "libonnx is there";
  EXPECT_THAT(message_of(Exit::environment, [] { onnx_bytes(doubling()); }), HasSubstr("this build has no ONNX"));
}

}  // namespace
}  // namespace muster::io
