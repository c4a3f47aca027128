#include "kernels/nets/update.hpp"

#include <algorithm>
#include <vector>

#include "kernels/isa.hpp"
#include "kernels/nets/net_body.hpp"

namespace muster::kernels::nets {

void update(UpdateRule const& rule, std::span<std::int64_t const> sums, Moments const& from, MomentsOut const& to) {
  UpdateView const view{from.parameters.data(), from.first.data(), from.second.data(), from.average.data(),
                        to.parameters.data(),   to.first.data(),   to.second.data(),   to.average.data()};
  MUSTER_NETS_DISPATCH(update_parameters, rule, sums.data(), sums.size(), view);
}

double squared_norm(std::span<std::int64_t const> sums, std::size_t columns, double scale) {
  std::vector<double> chains(columns);
  std::size_t const part = square_rows * columns;
  double sum = 0;
  for (std::size_t first = 0; first < sums.size(); first += part) {
    std::ranges::fill(chains, 0.0);
    MUSTER_NETS_DISPATCH(chain_squares, sums.data() + first, scale, std::min(part, sums.size() - first) / columns, columns, chains.data());
    ChainSum of_part;
    of_part.add(chains);
    sum += of_part.total();
  }
  return sum;
}

}  // namespace muster::kernels::nets
