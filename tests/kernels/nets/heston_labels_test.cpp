// Labels under Heston's model against closed forms and finite differences.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/nets/labels.hpp"

namespace muster::kernels::nets {
namespace {

struct Named {
  std::string_view name;
  double CallContract::*of_contract;
  double HestonMarket::*of_market;
};
constexpr std::array<std::pair<LabelSlope, Named>, 9> inputs{{{by_spot, {"spot", &CallContract::spot, nullptr}},
                                                              {by_expiry, {"expiry", &CallContract::expiry_years, nullptr}},
                                                              {by_rate, {"rate", &CallContract::rate, nullptr}},
                                                              {by_dividend, {"dividend", &CallContract::dividend, nullptr}},
                                                              {by_v0, {"v0", nullptr, &HestonMarket::v0}},
                                                              {by_kappa, {"kappa", nullptr, &HestonMarket::kappa}},
                                                              {by_theta, {"theta", nullptr, &HestonMarket::theta}},
                                                              {by_xi, {"xi", nullptr, &HestonMarket::xi}},
                                                              {by_rho, {"rho", nullptr, &HestonMarket::rho}}}};

double& input(CallContract& c, Named const& named) {
  return named.of_contract != nullptr ? c.*named.of_contract : c.heston.*named.of_market;
}

CallContract contract(double spot, double years, HestonMarket const& market) {
  CallContract c{spot, years, 0, 0.03, 0.01};
  c.heston = market;
  return c;
}

/// Central differences of a price by an input.
template <class Price>
double difference(CallContract const& c, Named const& named, double h, Price price) {
  CallContract up = c, down = c;
  input(up, named) += h;
  input(down, named) -= h;
  return (price(up) - price(down)) / (2 * h);
}

Label label(CallContract const& c, std::uint64_t pairs, std::uint64_t seed = 11) {
  LabelSums sums{};
  EXPECT_EQ(add_label_paths(c, seed, 5, 3, pairs, sums), 0u);
  return label_of(c, sums, pairs);
}

HestonMarket const calm{0.04, 2, 0.06, 0.3, -0.5, 32}, wild{0.02, 0.7, 0.05, 0.9, -0.8, 32}, fast{0.2, 5, 0.02, 0.2, 0.1, 32};

TEST(HestonLabels, ClosedFormDerivativesAreFiniteDifferences) {
  for (auto const& c : {contract(1.1, 0.7, calm), contract(0.9, 1.8, wild)})
    for (auto const& [slope, named] : inputs)
      EXPECT_NEAR(closed_label(c).slopes[slope], difference(c, named, 1e-5, [](auto const& at) { return closed_label(at).price; }), 1e-7)
          << named.name;
}

/// Squares of many labels' mean errors over their standard errors.
struct Scores {
  double squares = 0;
  int count = 0;
  /// Rare paths near 0 have large derivatives by the variance's parameters, which 32 labels do not show.
  void add(std::array<double, 32> const& errors, std::string_view name, bool is_scored) {
    double sum = 0, square = 0;
    for (double const e : errors) sum += e, square += e * e;
    double const mean = sum / errors.size(), error = std::sqrt((square / errors.size() - mean * mean) / (errors.size() - 1.0));
    if (!(error > 1e-7)) return;  // far from the strike all paths are alike
    EXPECT_LT(std::abs(mean), 5 * error + 3e-4) << name;
    if (!is_scored) return;
    squares += mean * mean / (error * error);
    ++count;
  }
};

TEST(HestonLabels, AreTheClosedFormsWithinTheirErrors) {
  std::mt19937 engine(5);
  auto const draw = [&](double a, double b) { return std::uniform_real_distribution<double>(a, b)(engine); };
  Scores scores;
  for (int i = 0; i < 40; ++i) {
    auto const c = contract(draw(.5, 1.5), draw(.02, 2), {draw(.01, .25), draw(.5, 5), draw(.01, .25), draw(.1, 1), draw(-.9, .1), 32});
    auto const exact = closed_label(c);
    std::array<Label, 32> found;
    for (std::size_t r = 0; r < found.size(); ++r) found[r] = label(c, 400, static_cast<std::uint64_t>(1000 * i) + r);
    std::array<double, 32> errors{};
    auto const score = [&](auto value, std::string_view name) {
      for (std::size_t r = 0; r < found.size(); ++r) errors[r] = value(found[r]) - value(exact);
      scores.add(errors, name, name == "price" || name == "spot" || name == "rho");
    };
    score([](Label const& of) { return of.price; }, "price");
    for (auto const& [slope, named] : inputs) score([&](Label const& of) { return of.slopes[slope]; }, named.name);
  }
  EXPECT_GT(scores.count, 100);
  // The mean square of z with 31 degrees of freedom is 1.07; those of one contract are not independent.
  EXPECT_NEAR(scores.squares / scores.count, 31.0 / 29, 0.35);
}

TEST(HestonLabels, HaveABiasOfTheSchemeAlone) {
  for (auto const& c : {contract(1, 1, calm), contract(1, 2, fast)}) {
    auto const exact = closed_label(c), found = label(c, 150'000);
    EXPECT_NEAR(found.price, exact.price, 2e-4);
    for (auto const& [slope, named] : inputs) EXPECT_NEAR(found.slopes[slope], exact.slopes[slope], 5e-3 * std::abs(exact.slopes[slope]) + 3e-4) << named.name;
  }
}

TEST(HestonLabels, TellValuesThatNoSumHolds) {
  LabelSums sums{};
  EXPECT_GT(add_label_paths(contract(1e39, 1, calm), 1, 5, 3, 10, sums), 0u);
}

TEST(HestonLabels, OfOneSeedDoNotDependOnTheCut) {
  auto const c = contract(1, 1, calm);
  LabelSums few{}, more{};
  add_label_paths(c, 1, 5, 3, 63, few);
  add_label_paths(c, 1, 5, 3, 65, more);
  EXPECT_NE(few[0], more[0]);
  // Two more pairs change the sums by those alone, a few strikes at most.
  EXPECT_LT(std::abs(more[0] - few[0]), std::int64_t{20} << label_bits);
}

}  // namespace
}  // namespace muster::kernels::nets
