// Fixed-width wide integers for exact sums: limbs are merged, multiplied and divided here, and
// rounded to a double once, at the very end.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>

namespace muster {

namespace wide_detail {
/// Correctly rounded (to nearest, ties to even) (-1)^negative * num / den * 2^exponent of
/// magnitudes, little-endian words; subnormals and overflow to infinity as IEEE 754 says.
double ratio(bool negative, std::span<std::uint64_t const> num, std::span<std::uint64_t const> den,
             std::int64_t exponent);
}  // namespace wide_detail

/// Signed two's-complement integer of 64 * N bits, least significant word first. Addition,
/// subtraction and `operator*` wrap around modulo 2^(64 N), like unsigned machine integers;
/// `multiply` never loses a bit.
template <int N>
struct Wide {
  static_assert(N >= 1);
  std::array<std::uint64_t, N> words{};

  constexpr Wide() = default;
  /// Sign-extends.
  constexpr Wide(std::int64_t value) {  // NOLINT(google-explicit-constructor): a number is a number
    words.fill(value < 0 ? ~std::uint64_t{0} : 0);
    words[0] = static_cast<std::uint64_t>(value);
  }
  /// Zero-extends; for N == 1 a value from 2^63 on wraps to negative.
  static constexpr Wide from_unsigned(std::uint64_t value) {
    Wide made;
    made.words[0] = value;
    return made;
  }
  /// Sign-extends or, when M > N, truncates.
  template <int M>
  static constexpr Wide from(Wide<M> const& other) {
    Wide made(other.is_negative() ? -1 : 0);
    for (int i = 0; i < (M < N ? M : N); ++i) made.words[i] = other.words[i];
    return made;
  }
  /// sum over i of limbs[i] * 2^(limb_bits * i), each limb signed; wraps around.
  static constexpr Wide from_limbs(std::span<std::int64_t const> limbs, int limb_bits) {
    Wide sum;
    for (std::size_t i = limbs.size(); i-- > 0;) sum = (sum << limb_bits) + Wide(limbs[i]);
    return sum;
  }

  constexpr bool is_negative() const { return (words[N - 1] >> 63) != 0; }
  constexpr bool is_zero() const {
    for (auto word : words)
      if (word != 0) return false;
    return true;
  }
  /// Bits of the magnitude; 0 for zero.
  constexpr int bit_length() const {
    Wide const magnitude = absolute();
    for (int i = N; i-- > 0;)
      if (magnitude.words[i] != 0)
        return 64 * i + static_cast<int>(std::bit_width(magnitude.words[i]));
    return 0;
  }
  /// The magnitude as an unsigned number (the most negative value included).
  constexpr Wide absolute() const { return is_negative() ? -*this : *this; }

  friend constexpr bool operator==(Wide const&, Wide const&) = default;
  friend constexpr std::strong_ordering operator<=>(Wide const& a, Wide const& b) {
    if (a.is_negative() != b.is_negative())
      return a.is_negative() ? std::strong_ordering::less : std::strong_ordering::greater;
    for (int i = N; i-- > 0;)
      if (a.words[i] != b.words[i]) return a.words[i] <=> b.words[i];
    return std::strong_ordering::equal;
  }

  friend constexpr Wide operator+(Wide const& a, Wide const& b) {
    Wide sum;
    unsigned __int128 carry = 0;
    for (int i = 0; i < N; ++i) {
      carry += static_cast<unsigned __int128>(a.words[i]) + b.words[i];
      sum.words[i] = static_cast<std::uint64_t>(carry);
      carry >>= 64;
    }
    return sum;
  }
  friend constexpr Wide operator~(Wide const& a) {
    Wide flipped;
    for (int i = 0; i < N; ++i) flipped.words[i] = ~a.words[i];
    return flipped;
  }
  friend constexpr Wide operator-(Wide const& a) { return ~a + Wide(1); }
  friend constexpr Wide operator-(Wide const& a, Wide const& b) { return a + ~b + Wide(1); }
  constexpr Wide& operator+=(Wide const& b) { return *this = *this + b; }
  constexpr Wide& operator-=(Wide const& b) { return *this = *this - b; }
  friend constexpr Wide operator*(Wide const& a, Wide const& b) {
    Wide product;
    for (int i = 0; i < N; ++i) {
      unsigned __int128 carry = 0;
      for (int j = 0; i + j < N; ++j) {
        carry += static_cast<unsigned __int128>(a.words[i]) * b.words[j] + product.words[i + j];
        product.words[i + j] = static_cast<std::uint64_t>(carry);
        carry >>= 64;
      }
    }
    return product;
  }
  /// Shifts by 0 <= count; a count of 64 N or more gives 0 (or the sign, to the right).
  friend constexpr Wide operator<<(Wide const& a, int count) {
    Wide shifted;
    int const whole = count / 64, bits = count % 64;
    for (int i = N; i-- > 0;) {
      std::uint64_t const high = i >= whole ? a.words[i - whole] : 0;
      std::uint64_t const low = i > whole ? a.words[i - whole - 1] : 0;
      shifted.words[i] = bits == 0 ? high : (high << bits) | (low >> (64 - bits));
    }
    return shifted;
  }
  /// Arithmetic: rounds towards minus infinity.
  friend constexpr Wide operator>>(Wide const& a, int count) {
    Wide shifted;
    std::uint64_t const sign = a.is_negative() ? ~std::uint64_t{0} : 0;
    int const whole = count / 64, bits = count % 64;
    for (int i = 0; i < N; ++i) {
      std::uint64_t const low = i + whole < N ? a.words[i + whole] : sign;
      std::uint64_t const high = i + whole + 1 < N ? a.words[i + whole + 1] : sign;
      shifted.words[i] = bits == 0 ? low : (low >> bits) | (high << (64 - bits));
    }
    return shifted;
  }
};

using Int128 = Wide<2>;
using Int192 = Wide<3>;
using Int256 = Wide<4>;
using Int320 = Wide<5>;
using Int512 = Wide<8>;

/// The whole product; exact for every pair of arguments.
template <int N, int M>
constexpr Wide<N + M> multiply(Wide<N> const& a, Wide<M> const& b) {
  return Wide<N + M>::from(a) * Wide<N + M>::from(b);
}

/// num / den * 2^exponent as the nearest double, ties to even: subnormal results are rounded once,
/// too large ones are infinite. den must not be zero (a bug otherwise). Zero is +0.
template <int N, int M>
double ratio_to_double(Wide<N> const& num, Wide<M> const& den, std::int64_t exponent = 0) {
  return wide_detail::ratio(num.is_negative() != den.is_negative(), num.absolute().words,
                            den.absolute().words, exponent);
}

/// value * 2^exponent as the nearest double, ties to even.
template <int N>
double to_double(Wide<N> const& value, std::int64_t exponent = 0) {
  return ratio_to_double(value, Wide<1>(1), exponent);
}

/// Carries so that every limb but the last lies in [0, 2^limb_bits); the last keeps the sign and
/// the rest. The value sum of limbs[i] * 2^(limb_bits * i) stays the same (modulo what the last
/// limb wraps). 1 <= limb_bits <= 62.
void normalize_limbs(std::span<std::int64_t> limbs, int limb_bits);

}  // namespace muster
