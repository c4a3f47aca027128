// Sums over a moving window that do not drift: every addition is exact to twice the digits of a double.
#pragma once

namespace muster::kernels::backtest {

/// A double and what it left out: high + low.
struct Wide {
  double high = 0;
  double low = 0;
  double value() const { return high + low; }
};

/// a + b, exactly (Knuth 1969).
inline Wide exact_sum(double a, double b) {
  double const sum = a + b;
  double const of_b = sum - a;
  return {sum, (a - (sum - of_b)) + (b - of_b)};
}

/// The upper half of x's digits; x less it is the lower (Veltkamp 1968). |x| < 1e290.
inline double upper_half(double x) {
  double const shifted = x * 134217729.0;
  return shifted - (shifted - x);
}

/// a * b, exactly (Dekker 1971).
inline Wide exact_product(double a, double b) {
  double const product = a * b;
  double const ah = upper_half(a), al = a - ah;
  double const bh = upper_half(b), bl = b - bh;
  return {product, ((ah * bh - product) + ah * bl + al * bh) + al * bl};
}

class MovingSum {
 public:
  void add(double x) {
    Wide const sum = exact_sum(sum_.high, x);
    sum_ = exact_sum(sum.high, sum_.low + sum.low);
  }
  void add(Wide x) {
    add(x.high);
    add(x.low);
  }
  void subtract(Wide x) { add(Wide{-x.high, -x.low}); }
  Wide sum() const { return sum_; }
  double value() const { return sum_.value(); }

 private:
  Wide sum_;
};

}  // namespace muster::kernels::backtest
