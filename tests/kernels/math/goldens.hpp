// Digests of the values in golden_cases.hpp, one a function. They change with a change of bits
// only, in a commit of their own that says why.
#pragma once

#include <cstdint>

#include "tests/kernels/math/golden_cases.hpp"

namespace muster::test {

constexpr std::uint64_t goldens[golden_function_count] = {
    0xfd2b72b2aaa4e4b0,  // d_exp
    0x716d33be4bed81dd,  // d_expm1
    0x6214f06a02113aa3,  // d_log
    0x09984228f2c33175,  // d_log1p
    0x06d7c6bb3f5afbc6,  // d_pow
    0x34ad6f51ff3bf37f,  // d_sin
    0x6843b2666b1f469c,  // d_cos
    0x115f5ed8e4ba95d9,  // d_sinpi
    0x83b89df272b41276,  // d_cospi
    0x1880692f4cb0d7ae,  // d_atan2
    0x353ad57b4e7939df,  // d_erf
    0xd1f0b227cf1ef049,  // d_erfc
    0x9d32c94626437ecf,  // d_erfcx
    0x351b6ea4555824dd,  // d_norm_pdf
    0x47859b82af7e38f6,  // d_norm_cdf
    0x9b2a954ac61b0dfe,  // d_norm_inv
    0x26722803177df655,  // d_norm_inv_unit
    0xc199456fe77ec2c3,  // d_bivariate
    0x167569f99b7aa8e4,  // d_complex_product_re
    0x12a2ece46beef969,  // d_complex_product_im
    0x03a226835f7528c0,  // d_complex_quotient_re
    0xfa3abc6b98789abc,  // d_complex_quotient_im
    0x30f9474ac1e5bcef,  // d_complex_abs
    0x802e19756873efa7,  // d_complex_exp_re
    0x8cdbb6d312e4d68b,  // d_complex_exp_im
    0x61ad6ad7efb3d1d2,  // d_complex_log_re
    0xd193362e37ee6875,  // d_complex_log_im
    0x3f304a7232106cb7,  // d_complex_sqrt_re
    0x578b5260e6491b10,  // d_complex_sqrt_im
    0x4fc70f67facdec10,  // s_exp
    0xd1c5162f3e94e97b,  // s_expm1
    0xb00d075756870157,  // s_log
    0x3ca7e432e0c9912d,  // s_log1p
    0x1aa2d9f10d827984,  // s_pow
    0x8f83ee7d340a3f97,  // s_sin
    0x028072938e546c1b,  // s_cos
    0xc5945c7a776a4886,  // s_sinpi
    0x51d604fc85213852,  // s_cospi
    0x024370cf4cc5795d,  // s_atan2
    0xb4a10e6241763ba0,  // s_erf
    0xc70e5ff3b80bc7ba,  // s_erfc
    0x8a7fa46cad9a46c1,  // s_erfcx
    0x76c2d27b1cb2c01e,  // s_norm_pdf
    0x39f16a41794eea84,  // s_norm_cdf
    0x49ae30aa32920d3a,  // s_norm_inv
    0xa8d147f113811c4b,  // s_norm_inv_unit
};

}  // namespace muster::test
