// Complex arithmetic and functions against MPFR.
#include "kernels/math/complex.hpp"

#include "tests/kernels/math/reference.hpp"

namespace {

using namespace muster::test;
namespace mk = muster::kernels;
using mk::Complex;

struct Exact {
  Mpfr re, im;
};
Exact exact(Complex z) { return {Mpfr(z.re), Mpfr(z.im)}; }

Exact product(Exact const& a, Exact const& b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
Exact quotient(Exact const& a, Exact const& b) {
  Mpfr const n = b.re * b.re + b.im * b.im;
  Exact const p = product(a, {b.re, -b.im});
  return {p.re / n, p.im / n};
}
Mpfr size(Exact const& z) { return sqrt(z.re * z.re + z.im * z.im); }
Exact log(Exact const& z) { return {apply(mpfr_log, size(z)), apply(mpfr_atan2, z.im, z.re)}; }
Exact exp(Exact const& z) {
  Mpfr const e = exp(z.re);
  return {e * apply(mpfr_cos, z.im), e * apply(mpfr_sin, z.im)};
}
Exact sqrt(Exact const& z) {
  Mpfr const half(0.5), t = sqrt(half * (apply(static_cast<Unary>(mpfr_abs), z.re) + size(z)));
  Mpfr const d = apply(static_cast<Unary>(mpfr_abs), z.im) / (Mpfr(2) * t);
  bool const left = mpfr_signbit(z.re.get()) != 0;
  Mpfr const im = left ? t : d;
  return {left ? d : t, mpfr_signbit(z.im.get()) != 0 ? -im : im};
}

/// Complex numbers with parts of random size and sign around 2^0, spread over 2^+-width.
std::vector<Complex> points(int count, double width, std::uint64_t seed) {
  std::vector<double> const e =
      draw<double>({-width, width, 2 * count, Spacing::powers_of_two}, seed);
  std::vector<double> const sign = draw<double>({-1, 1, 2 * count}, seed + 1);
  std::vector<Complex> out;
  for (std::size_t i = 0; i + 1 < e.size(); i += 2) {
    out.push_back({std::copysign(e[i], sign[i]), std::copysign(e[i + 1], sign[i + 1])});
  }
  return out;
}

class Bound {
 public:
  Bound(char const* name, double bound) : name_(name), bound_(bound) {}
  ~Bound() {
    EXPECT_LE(worst_, bound_) << name_ << std::hexfloat << " at " << at_.re << ", " << at_.im;
    std::printf("%s: %.3f ulp, bound %g\n", name_, worst_, bound_);
  }
  void meet(Complex got, Exact const& want, Complex at) {
    double const u = std::max(ulps<double>(got.re, want.re), ulps<double>(got.im, want.im));
    if (!(u <= worst_)) worst_ = u, at_ = at;
  }

 private:
  char const* name_;
  double bound_, worst_ = 0;
  Complex at_{};
};

TEST(Complex, ProductAndQuotientKeepBothParts) {
  for (double width : {2.0, 30.0, 200.0}) {
    Bound times("product", 2), over("quotient", 5);
    auto const a = points(10000, width, 11), b = points(10000, width, 13);
    for (std::size_t i = 0; i < a.size(); ++i) {
      times.meet(a[i] * b[i], product(exact(a[i]), exact(b[i])), a[i]);
      over.meet(a[i] / b[i], quotient(exact(a[i]), exact(b[i])), a[i]);
    }
  }
}

TEST(Complex, ProductDoesNotCancel) {
  Bound times("product, nearly real", 2);
  for (Complex a : points(10000, 2, 17)) {
    // conj(a) but for its last bits: the imaginary part is all but gone.
    Complex const b{std::nextafter(a.re, 9.0), -a.im};
    times.meet(a * b, product(exact(a), exact(b)), a);
  }
}

TEST(Complex, QuotientKeepsItsRange) {
  Bound over("quotient, extreme", 5);
  for (double up : {0x1p1020, 0x1p-1020, 0x1p-1060}) {
    for (Complex a : points(500, 2, 19)) {
      for (Complex b : {Complex{0.7 * up, -0.3 * up}, Complex{up, 0}, Complex{0, -up}}) {
        Complex const n{a.re * up, a.im * up};
        over.meet(n / b, quotient(exact(n), exact(b)), n);
      }
    }
  }
}

TEST(Complex, Abs) {
  Bound size_bound("abs", 1.2);
  for (double width : {2.0, 200.0, 1000.0}) {
    for (Complex z : points(5000, width, 23))
      size_bound.meet({mk::abs(z), 0}, {size(exact(z)), Mpfr(0)}, z);
  }
}

TEST(Complex, Exp) {
  Bound bound("complex exp", 2.5);
  for (double re : draw<double>({-740, 705, 5000})) {
    for (double im : {re / 50, 0.3, -2.0, 1000 * re}) {
      bound.meet(mk::exp(Complex{re, im}), exp(exact({re, im})), {re, im});
    }
  }
  // e^re overflows, e^re cos(im) does not.
  double const im = 0x1.921fb54442d18p0;
  bound.meet({mk::exp(Complex{730, im}).re, 0}, {exp(exact({730, im})).re, Mpfr(0)}, {730, im});
}

TEST(Complex, Log) {
  Bound bound("complex log", 2);
  for (double width : {2.0, 15.0, 30.0, 1000.0}) {
    for (Complex z : points(10000, width, 29)) bound.meet(mk::log(z), log(exact(z)), z);
  }
  Bound circle("complex log on the unit circle", 2);
  for (double angle : draw<double>({-3.14, 3.14, 20000})) {
    Complex const z{std::cos(angle), std::sin(angle)};
    circle.meet(mk::log(z), log(exact(z)), z);
  }
  Bound extreme("complex log, extreme", 2);
  for (double up : {0x1p1022, 0x1p-1022, 0x1p-1060}) {
    for (Complex z : points(1000, 1, 31)) {
      Complex const at{z.re * up, z.im * up};
      extreme.meet(mk::log(at), log(exact(at)), at);
    }
  }
}

TEST(Complex, Sqrt) {
  Bound bound("complex sqrt", 3);
  for (double width : {2.0, 30.0, 200.0, 1000.0}) {
    for (Complex z : points(5000, width, 37)) bound.meet(mk::sqrt(z), sqrt(exact(z)), z);
  }
}

TEST(Complex, SpecialValues) {
  expect_same(mk::log(Complex{0, 0}).re, -inf, "log(0)");
  expect_same(mk::log(Complex{-1, 0}).im, 0x1.921fb54442d18p1, "log(-1) above the cut");
  expect_same(mk::log(Complex{-1, -0.0}).im, -0x1.921fb54442d18p1, "log(-1) below the cut");
  expect_same(mk::log(Complex{1, 0}).re, 0.0, "log(1)");
  expect_same(mk::log(Complex{quiet_nan, 0}).re, quiet_nan, "log(nan)");
  expect_same(mk::log(Complex{0, quiet_nan}).re, quiet_nan, "log(nan i)");
  expect_same(mk::log(Complex{-inf, 3}).re, inf, "log(-inf)");
  expect_same(mk::sqrt(Complex{0, 0}).re, 0.0, "sqrt(0)");
  expect_same(mk::sqrt(Complex{-4, 0}).im, 2.0, "sqrt(-4) above the cut");
  expect_same(mk::sqrt(Complex{-4, -0.0}).im, -2.0, "sqrt(-4) below the cut");
  expect_same(mk::exp(Complex{-inf, 1}).re, 0.0, "exp(-inf + i)");
  expect_same(mk::exp(Complex{1, inf}).re, quiet_nan, "exp(1 + inf i)");
  expect_same((Complex{1, 1} / Complex{0, 0}).re, quiet_nan, "1 / 0");
}

TEST(Complex, MixedOperators) {
  Complex const z{3, -4};
  EXPECT_EQ((2.0 * z).im, -8);
  EXPECT_EQ((z * 2.0).re, 6);
  EXPECT_EQ((z + 1.0).re, 4);
  EXPECT_EQ((1.0 - z).im, 4);
  EXPECT_EQ((1.0 - z).re, -2);
  EXPECT_EQ((z - 1.0).re, 2);
  EXPECT_EQ((-z).im, 4);
  EXPECT_EQ((z - Complex{1, 1}).im, -5);
  EXPECT_EQ((z + Complex{1, 1}).im, -3);
  EXPECT_EQ((z / 2.0).im, -2);
  EXPECT_EQ(mk::conj(z).im, 4);
  EXPECT_EQ(mk::norm(z), 25);
  EXPECT_EQ(mk::abs(z), 5);
}

}  // namespace
