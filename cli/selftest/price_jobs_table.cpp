#include "cli/selftest/price_jobs.hpp"
#include "kernels/version.hpp"

namespace muster::cli::selftest {
namespace {

// Every key that the answer depends on is set, so no "auto" of any machine can change it.
constexpr std::string_view gbm_text = R"(
kind = "price"
name = "selftest_gbm"
seed = 20260102
method = "monte_carlo"
outputs = ["price"]

[market]
currency = "USD"
model = "black_scholes"
rate = { years = [0.25, 1.0], values = [0.04, 0.036] }

[[market.asset]]
name = "ACME"
spot = 100.0
dividend = 0.013
volatility = { years = [0.25, 1.0], values = [0.15, 0.2] }

[simulation]
paths = 1048576
tile_paths = 16384
steps_per_year = 64.0
precision = "single"
antithetic = true
control_variate = true
target_stderr = 0.0
max_paths = 0

[[instrument]]
name = "call"
kind = "european"
asset = "ACME"
right = "call"
strike = 100.0
expiry_years = 1.0
quantity = 1.0
multiplier = 100.0

[[instrument]]
name = "put"
kind = "european"
asset = "ACME"
right = "put"
strike = 95.0
expiry_years = 0.5
quantity = -2.0
multiplier = 100.0
)";

constexpr std::string_view heston_text = R"(
kind = "price"
name = "selftest_heston"
seed = 3
method = "monte_carlo"
outputs = ["price"]

[market]
currency = "USD"
model = "heston"
rate = 0.01

[[market.asset]]
name = "ACME"
spot = 100.0
dividend = 0.02

[market.asset.heston]
v0 = 0.04
kappa = 4.0
theta = 0.25
xi = 1.0
rho = -0.5

[simulation]
paths = 131072
tile_paths = 4096
steps_per_year = 32.0
precision = "double"
antithetic = true
control_variate = true
target_stderr = 0.0
max_paths = 0

[[instrument]]
name = "call"
kind = "european"
asset = "ACME"
right = "call"
strike = 100.0
expiry_years = 1.0
quantity = 1.0
multiplier = 1.0
)";

static_assert(kernels::arithmetic_version == 1, "another arithmetic has other bits: look at these digests again");
constexpr PriceJob jobs_table[] = {
    {"gbm", gbm_text, "4f876ea2c496b6b4918a25b69e1f47ecdc300ebef78a2697330390ae5dd04885"},
    {"heston", heston_text, "8b4021b39cf77d5db3ccd271a1f4ad20998d1c88cef1e2720e8357f1c1f37f3d"},
};

}  // namespace

std::span<PriceJob const> price_jobs() { return jobs_table; }

}  // namespace muster::cli::selftest
