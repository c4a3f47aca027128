#include "kernels/nets/update.hpp"

#include <algorithm>

#include "kernels/isa.hpp"
#include "kernels/nets/net_body.hpp"

namespace muster::kernels::nets {

void update(UpdateRule const& rule, std::span<std::int64_t const> sums, Moments const& from, MomentsOut const& to) {
  UpdateView const view{from.parameters.data(), from.first.data(), from.second.data(), from.average.data(),
                        to.parameters.data(),   to.first.data(),   to.second.data(),   to.average.data()};
  MUSTER_NETS_DISPATCH(update_parameters, rule, sums.data(), sums.size(), view);
}

double squared_norm(std::span<std::int64_t const> sums, double scale) {
  double sum = 0;
  for (std::size_t first = 0; first < sums.size(); first += square_block) {
    auto const part = sums.subspan(first, std::min(square_block, sums.size() - first));
    sum += MUSTER_NETS_DISPATCH(sum_of_squares, part.data(), scale, part.size());
  }
  return sum;
}

}  // namespace muster::kernels::nets
