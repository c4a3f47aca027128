#include "cli/build_info.hpp"

#include <fmt/core.h>

#include "git_sha.h"  // written by cmake/GitSha.cmake at every build
#include "io/libraries.hpp"
#include "io/onnx_file.hpp"
#include "kernels/version.hpp"

namespace muster::cli {
namespace {

std::string compiler() { return fmt::format("{} {}", MUSTER_COMPILER_NAME, __VERSION__); }
std::string_view onnx_text() { return io::has_onnx() ? "yes" : "no"; }

}  // namespace

std::string_view version() { return MUSTER_VERSION_TEXT; }
std::string_view git_sha() { return MUSTER_GIT_SHA; }

worker::Build worker_build() { return {std::string(version()), kernels::arithmetic_version}; }

worker::Software software(comm::Transport const* transport) {
  return {{"muster", std::string(version())},
          {"git sha", std::string(git_sha())},
          {"arithmetic version", std::to_string(kernels::arithmetic_version)},
          {"HDF5", io::hdf5_version()},
          {"MPI", transport != nullptr ? transport->describe() : "none"},
          {"CUDA", MUSTER_CUDA_TEXT},
          {"NCCL", MUSTER_NCCL_TEXT}};
}

std::string version_text() {
  return fmt::format(
      "muster {}\n"
      "git sha             {}\n"
      "arithmetic version  {}\n"
      "build               {}, {}\n"
      "CUDA                {}\n"
      "NCCL                {}\n"
      "ONNX                {}\n"
      "instruction sets    {}\n",
      version(), git_sha().empty() ? "not built from a git checkout" : git_sha(), kernels::arithmetic_version,
      MUSTER_BUILD_TYPE, compiler(), MUSTER_CUDA_TEXT, MUSTER_NCCL_TEXT, onnx_text(), MUSTER_ISAS_TEXT);
}

Value version_json() {
  return Value::object({{"muster", version()},
                        {"git_sha", git_sha()},
                        {"arithmetic_version", kernels::arithmetic_version},
                        {"build_type", MUSTER_BUILD_TYPE},
                        {"compiler", compiler()},
                        {"cuda", MUSTER_CUDA_TEXT},
                        {"nccl", MUSTER_NCCL_TEXT},
                        {"onnx", onnx_text()},
                        {"instruction_sets", MUSTER_ISAS_TEXT}});
}

}  // namespace muster::cli
