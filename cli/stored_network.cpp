#include "cli/stored_network.hpp"

#include "core/error.hpp"
#include "io/result_file.hpp"
#include "jobs/train/parse.hpp"

namespace muster::cli {

LoadedNetwork load_network(std::filesystem::path const& result) {
  namespace train = jobs::train;
  auto const stored = io::read_result(result);
  MUSTER_REQUIRE(stored.kind == "train", "{} is a result of the kind {} (it holds no network); give that of a train job", result.string(),
                 stored.kind);
  auto const params = train::read_params(stored.resolved_text);
  MUSTER_REQUIRE(params.model == train::Model::surrogate, "{} holds an autoencoder (it prices nothing); give the result of a surrogate",
                 result.string());
  return {stored.result_digest, params, train::stored_network(params, stored.tables)};
}

}  // namespace muster::cli
