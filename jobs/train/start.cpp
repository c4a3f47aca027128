#include "jobs/train/start.hpp"

#include <fmt/core.h>

#include <bit>

#include "core/error.hpp"
#include "core/sha256.hpp"
#include "io/result_file.hpp"
#include "jobs/train/contracts.hpp"
#include "jobs/train/parse.hpp"
#include "jobs/train/stored.hpp"

namespace muster::jobs::train {
namespace {

std::string range_text(Input const& input) {
  return fmt::format("{} from {:.6g} to {:.6g}", input.name, input.middle - input.half, input.middle + input.half);
}

}  // namespace

Start open_start(std::filesystem::path const& file) {
  auto const result = io::read_result(file);
  MUSTER_REQUIRE(result.kind == "train", "{} is a result of the kind {} (it holds no network); give that of a train job", file.string(), result.kind);
  auto const params = read_params(result.resolved_text);
  MUSTER_REQUIRE(params.model == Model::surrogate, "{} holds an autoencoder (it prices nothing); give the result of a surrogate", file.string());
  return {params.contract, params.network, stored_network(params, result.tables)};
}

std::string network_digest(StoredNetwork const& network) {
  Sha256 hash;
  hash.update_u64(std::bit_cast<std::uint64_t>(network.scale.mean)).update_u64(std::bit_cast<std::uint64_t>(network.scale.deviation));
  for (float const x : network.parameters) hash.update_u64(std::bit_cast<std::uint32_t>(x));
  return hash.hex();
}

std::string other_inputs(ContractChoice const& taught, ContractChoice const& choice) {
  auto const theirs = inputs_of(taught), ours = inputs_of(choice);
  if (theirs.size() != ours.size()) return fmt::format("{} inputs, here {}", theirs.size(), ours.size());
  for (std::size_t j = 0; j < ours.size(); ++j)
    if (theirs[j].middle != ours[j].middle || theirs[j].half != ours[j].half)
      return fmt::format("{}, here {}", range_text(theirs[j]), range_text(ours[j]));
  return {};
}

}  // namespace muster::jobs::train
