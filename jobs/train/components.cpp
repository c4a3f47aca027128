#include "jobs/train/components.hpp"

#include <algorithm>
#include <numeric>
#include <span>

namespace muster::jobs::train {
namespace {

/// Mean products about a point that need not be the mean.
std::vector<double> products_about(std::vector<double> const& point, Moments const& of) {
  auto products = of.products;
  for (std::size_t i = 0; i < of.width; ++i)
    for (std::size_t j = 0; j < of.width; ++j)
      products[i * of.width + j] += point[i] * point[j] - of.means[i] * point[j] - point[i] * of.means[j];
  return products;
}

/// A rotation in the plane of p and q that makes their product 0.
struct Rotation {
  double cosine = 1, sine = 0;
};
Rotation rotation_of(double pp, double qq, double pq) {
  double const theta = (qq - pp) / (2 * pq);
  double const root = __builtin_sqrt(theta * theta + 1);
  double const tangent = theta >= 0 ? 1 / (theta + root) : 1 / (theta - root);
  double const cosine = 1 / __builtin_sqrt(tangent * tangent + 1);
  return {cosine, tangent * cosine};
}

void rotate(Rotation by, double& p, double& q) {
  double const old = p;
  p = by.cosine * old - by.sine * q;
  q = by.sine * old + by.cosine * q;
}

/// A symmetric matrix on its way to its eigenvalues, and the axes beside it.
class Jacobi {
 public:
  Jacobi(std::vector<double> matrix, std::size_t width) : width_(width), matrix_(std::move(matrix)), axes_(width * width, 0.0) {
    for (std::size_t i = 0; i < width; ++i) axes_[i * width + i] = 1;
  }
  void run() {
    constexpr int most_sweeps = 60;
    for (int sweep = 0; sweep < most_sweeps && off_diagonal() > 1e-30 * diagonal(); ++sweep)
      for (std::size_t p = 0; p + 1 < width_; ++p)
        for (std::size_t q = p + 1; q < width_; ++q) clear(p, q);
  }
  double value(std::size_t i) const { return matrix_[i * width_ + i]; }
  std::span<double const> axis(std::size_t i) const { return std::span(axes_).subspan(i * width_, width_); }

 private:
  double& at(std::size_t i, std::size_t j) { return matrix_[i * width_ + j]; }
  double off_diagonal() {
    double sum = 0;
    for (std::size_t i = 0; i < width_; ++i)
      for (std::size_t j = i + 1; j < width_; ++j) sum += at(i, j) * at(i, j);
    return sum;
  }
  double diagonal() {
    double sum = 0;
    for (std::size_t i = 0; i < width_; ++i) sum += at(i, i) * at(i, i);
    return sum;
  }
  void clear(std::size_t p, std::size_t q) {
    if (at(p, q) == 0) return;
    auto const by = rotation_of(at(p, p), at(q, q), at(p, q));
    for (std::size_t i = 0; i < width_; ++i) rotate(by, at(i, p), at(i, q));
    for (std::size_t i = 0; i < width_; ++i) rotate(by, at(p, i), at(q, i));
    at(p, q) = at(q, p) = 0;
    for (std::size_t i = 0; i < width_; ++i) rotate(by, axes_[p * width_ + i], axes_[q * width_ + i]);
  }

  std::size_t width_;
  std::vector<double> matrix_, axes_;
};

}  // namespace

Moments moments_of(Dataset const& data, std::uint64_t first, std::uint64_t count) {
  std::size_t const width = data.inputs;
  Moments moments{width, std::vector<double>(width, 0.0), std::vector<double>(width * width, 0.0)};
  std::vector<double> row(width);
  for (std::uint64_t sample = first; sample < first + count; ++sample) {
    std::copy_n(data.row(sample), width, row.begin());
    for (std::size_t i = 0; i < width; ++i) {
      moments.means[i] += row[i];
      double* const to = moments.products.data() + i * width;
      for (std::size_t j = i; j < width; ++j) to[j] += row[i] * row[j];
    }
  }
  for (auto* sums : {&moments.means, &moments.products})
    for (double& sum : *sums) sum /= static_cast<double>(std::max<std::uint64_t>(count, 1));
  for (std::size_t i = 0; i < width; ++i)
    for (std::size_t j = 0; j < i; ++j) moments.products[i * width + j] = moments.product(j, i);
  return moments;
}

Components components_of(Moments const& moments) {
  auto const width = moments.width;
  Jacobi jacobi(products_about(moments.means, moments), width);
  jacobi.run();
  std::vector<std::size_t> order(width);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return jacobi.value(a) > jacobi.value(b); });
  Components components{moments.means, {}, {}};
  for (auto const i : order) {
    components.variances.push_back(jacobi.value(i));
    components.axes.insert(components.axes.end(), jacobi.axis(i).begin(), jacobi.axis(i).end());
  }
  return components;
}

std::vector<double> spread_about(Components const& components, Moments const& of) {
  auto const products = products_about(components.means, of);
  std::vector<double> spread;
  for (std::size_t i = 0; i < of.width; ++i) spread.push_back(products[i * of.width + i]);
  return spread;
}

/// Of each axis a: the products C give C a and a C a; x - (a x) a has the mean squares C_ii - 2 a_i (C a)_i + ..., where axes are
/// orthogonal but C need not be diagonal along them.
std::vector<double> left_over(Components const& components, std::size_t count, Moments const& of) {
  auto const width = of.width;
  auto const products = products_about(components.means, of);
  auto const axis = [&](std::size_t k) { return components.axes.data() + k * width; };
  std::vector<double> along(count * width, 0.0);  // [axis][element]: C a
  for (std::size_t k = 0; k < count; ++k)
    for (std::size_t i = 0; i < width; ++i)
      for (std::size_t j = 0; j < width; ++j) along[k * width + i] += products[i * width + j] * axis(k)[j];
  std::vector<double> left = spread_about(components, of);
  for (std::size_t k = 0; k < count; ++k)
    for (std::size_t i = 0; i < width; ++i) left[i] -= 2 * axis(k)[i] * along[k * width + i];
  for (std::size_t k = 0; k < count; ++k)
    for (std::size_t l = 0; l < count; ++l) {
      double product = 0;
      for (std::size_t j = 0; j < width; ++j) product += axis(l)[j] * along[k * width + j];
      for (std::size_t i = 0; i < width; ++i) left[i] += product * axis(k)[i] * axis(l)[i];
    }
  return left;
}

}  // namespace muster::jobs::train
