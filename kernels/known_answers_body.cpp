#include "kernels/known_answers_body.hpp"

#include "kernels/math/math.hpp"
#include "kernels/rng/philox.hpp"

MUSTER_KERNELS_BEGIN

namespace {

constexpr int arguments = 1024;

/// FNV-1a over values, least significant byte first.
struct Fingerprint {
  std::uint64_t value = 0xcbf29ce484222325;
  void add(std::uint64_t bits) {
    for (int byte = 0; byte < 8; ++byte) value = (value ^ (bits >> (8 * byte) & 0xff)) * 0x100000001b3;
  }
  void add(double x) { add(to_bits(x)); }
  void add(float x) { add(std::uint64_t{to_bits(x)}); }
};

/// Argument i of [low, high), exact in both precisions' grids.
template <class T>
T argument(int i, T low, T high) {
  return low + (high - low) * (static_cast<T>((i * 389) % arguments) + T(0.5)) / static_cast<T>(arguments);
}

template <class T, class Function>
std::uint64_t fingerprint(T low, T high, Function const& function) {
  Fingerprint print;
  for (int i = 0; i < arguments; ++i) print.add(function(argument<T>(i, low, high)));
  return print.value;
}

template <class T>
void compute_functions(std::uint64_t* out) {
  out[0] = fingerprint<T>(-80, 80, [](T x) { return exp(x); });
  out[1] = fingerprint<T>(-1, 1, [](T x) { return expm1(x); });
  out[2] = fingerprint<T>(0, 1000, [](T x) { return log(x); });
  out[3] = fingerprint<T>(0, 40, [](T x) { return pow(x, T(1.7)); });
  out[4] = fingerprint<T>(-30, 30, [](T x) { return sin(x) + T(2) * cos(x); });
  out[5] = fingerprint<T>(-5, 5, [](T x) { return erf(x); });
  out[6] = fingerprint<T>(-5, 9, [](T x) { return erfc(x); });
  out[7] = fingerprint<T>(-8, 8, [](T x) { return norm_cdf(x); });
  out[8] = fingerprint<T>(0, 1, [](T x) { return norm_inv(x); });
}

/// The three vectors of Random123's kat_vectors for philox4x32-10.
void compute_philox(std::uint64_t* out) {
  struct Vector {
    std::uint64_t item, seed;
    std::uint32_t block, stream;
  };
  constexpr Vector vectors[] = {{0, 0, 0, 0},
                                {~0ULL, ~0ULL, ~0U, ~0U},
                                {0x85a308d3243f6a88, 0x299f31d0a4093822, 0x13198a2e, 0x03707344}};
  for (int i = 0; i < 3; ++i) {
    auto const& vector = vectors[i];
    std::uint32_t words[4];
    philox(philox_keys(vector.seed), vector.item, vector.block, vector.stream, words);
    out[2 * i] = std::uint64_t{words[0]} << 32 | words[1];
    out[2 * i + 1] = std::uint64_t{words[2]} << 32 | words[3];
  }
}

}  // namespace

ComputedAnswers compute_known_answers() {
  ComputedAnswers answers{};
  compute_philox(answers.philox);
  compute_functions<double>(answers.functions);
  compute_functions<float>(answers.functions + function_answers / 2);
  return answers;
}

MUSTER_KERNELS_END
