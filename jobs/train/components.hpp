// Principal components: what the best linear autoencoder does.
#pragma once

#include <cstdint>
#include <vector>

#include "jobs/train/dataset.hpp"

namespace muster::jobs::train {

/// Means and mean products of rows. `products` [width][width].
struct Moments {
  std::size_t width = 0;
  std::vector<double> means;
  std::vector<double> products;
  double product(std::size_t i, std::size_t j) const { return products[i * width + j]; }
};
/// Of samples [first, first + count), added up in order; all 0 of none.
Moments moments_of(Dataset const& data, std::uint64_t first, std::uint64_t count);

/// Directions of most variance, the largest first.
struct Components {
  std::vector<double> means;
  std::vector<double> variances;  ///< all of them
  std::vector<double> axes;       ///< [width][width], an axis a row
};
/// Eigenvalues by Jacobi's rotations in a fixed order.
Components components_of(Moments const& moments);

/// Mean squares of each element of rows of these moments about the components' means.
std::vector<double> spread_about(Components const& components, Moments const& of);
/// Mean squares of what the first `count` components leave of them.
std::vector<double> left_over(Components const& components, std::size_t count, Moments const& of);

}  // namespace muster::jobs::train
